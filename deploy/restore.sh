#!/bin/sh
# Puts back what backup.sh kept, into a data folder and a database that are empty. The server must not run.
#
#   restore.sh BACK_UP_FOLDER DATA_DIR [DATABASE_URL]
#
# Needs pg_restore and psql for PostgreSQL, and GNU tar. Nothing is written over: what is in the way is named.
set -eu
umask 077

fail() {
    echo "restore.sh: $*" >&2
    exit 1
}
[ $# -ge 2 ] && [ $# -le 3 ] || fail "usage: restore.sh BACK_UP_FOLDER DATA_DIR [DATABASE_URL]"
from=$1
data=$2
url=${3:-}
[ -f "$from/SHA256SUMS" ] || fail "$from is not a whole back-up"
(cd "$from" && sha256sum --check --quiet SHA256SUMS) || fail "the back-up is damaged"
if [ -e "$data" ] && [ -n "$(ls -A "$data")" ]; then
    fail "$data is not empty"
fi

case $url in
'' | sqlite:*)
    [ -f "$from/data.db" ] || fail "the back-up is of a PostgreSQL database; give its address"
    file=${url#sqlite:}
    file=${file:-$data/data.db}
    [ ! -e "$file" ] || fail "$file exists already"
    ;;
postgres://* | postgresql://*)
    [ -f "$from/database.dump" ] || fail "the back-up is of a SQLite database"
    tables=$(psql --no-psqlrc --tuples-only --no-align --command \
        "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'public'" "$url")
    [ "$tables" = 0 ] || fail "the database is not empty"
    ;;
*)
    fail "the database address begins with sqlite: or postgres://"
    ;;
esac

mkdir -p "$data"
tar --extract --preserve-permissions --file="$from/files.tar" --directory="$data"
case $url in
'' | sqlite:*) cp "$from/data.db" "$file" ;;
*) pg_restore --exit-on-error --single-transaction --no-owner --dbname="$url" "$from/database.dump" ;;
esac
echo "$data"

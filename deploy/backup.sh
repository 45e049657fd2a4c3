#!/bin/sh
# Backs up one server, Marketplace or core, into a new folder: its database first, then its data folder.
#
#   backup.sh DATA_DIR NEW_FOLDER [DATABASE_URL]
#
# DATA_DIR      MKP_DATA_DIR or POWERX_DATA_DIR
# DATABASE_URL  as MKP_DATABASE_URL or POWERX_DATABASE_URL; without one the SQLite file in the data folder
#
# The server may run: the database is copied as of one moment, and everything it speaks of is in the data
# folder before it is written down. What plugins of kind `process` write meanwhile is copied as it is found;
# stop the core when that must be of one moment too. Needs sqlite3 or pg_dump, and GNU tar.
# The folder holds signing keys and password digests: keep it as you keep those.
set -eu
umask 077

fail() {
    echo "backup.sh: $*" >&2
    exit 1
}
[ $# -ge 2 ] && [ $# -le 3 ] || fail "usage: backup.sh DATA_DIR NEW_FOLDER [DATABASE_URL]"
data=$1
out=$2
url=${3:-}
[ -d "$data" ] || fail "$data is not a folder"
[ ! -e "$out" ] || fail "$out exists already"
part=$out.part
[ ! -e "$part" ] || fail "$part is left from a back-up that did not come to its end; remove it"
mkdir -p "$part"

case $url in
'' | sqlite:*)
    file=${url#sqlite:}
    file=${file:-$data/data.db}
    [ -f "$file" ] || fail "$file is not there"
    # A consistent copy of one moment, also while the server writes.
    sqlite3 "$file" ".timeout 30000" ".backup '$part/data.db'"
    [ "$(sqlite3 "$part/data.db" 'PRAGMA integrity_check')" = ok ] || fail "the copy of the database is not whole"
    ;;
postgres://* | postgresql://*)
    pg_dump --format=custom --no-owner --file="$part/database.dump" "$url"
    ;;
*)
    fail "the database address begins with sqlite: or postgres://"
    ;;
esac

# Files that grow or go while they are read are no fault (tar says 1): what the database speaks of is whole.
status=0
tar --create --file="$part/files.tar" --directory="$data" --warning=no-file-changed --warning=no-file-removed \
    --exclude=./data.db --exclude=./data.db-wal --exclude=./data.db-shm . || status=$?
[ "$status" -le 1 ] || fail "the data folder could not be copied"

(cd "$part" && sha256sum -- * >SHA256SUMS.part && mv SHA256SUMS.part SHA256SUMS)
sync
mv "$part" "$out"
echo "$out"

# Words shared by the Marketplace and PowerX admin.
skip-to-content = Skip to content
menu = Menu
nav-label = Main navigation
crumbs-label = Where you are
inbox = Inbox
lang-switch = Language
theme-switch = Theme
theme-auto = Like the system
theme-light = Light
theme-dark = Dark
account-menu = Your account
account = Account
sign-in = Sign in
sign-out = Sign out
reconnecting = Connection lost, trying again…
copy = Copy
copied = Copied
cancel = Cancel
close = Close
back = Back
confirm-title = Are you sure?
confirm-yes = Yes, go on
audit-id = Recorded as
keys-title = Keys
keys-hint = Keyboard shortcuts:
key-search = Search this page
key-move = Next and previous row
key-help = This list
tabs-label = Sections
reason-optional = Reason (optional)
reason-required = Reason
diff-label = Changes in

time-now = just now
ago-minutes = { $n ->
    [one] 1 minute ago
   *[other] { $n } minutes ago
  }
ago-hours = { $n ->
    [one] 1 hour ago
   *[other] { $n } hours ago
  }
ago-days = { $n ->
    [one] yesterday
   *[other] { $n } days ago
  }
in-minutes = { $n ->
    [one] in 1 minute
   *[other] in { $n } minutes
  }
in-hours = { $n ->
    [one] in 1 hour
   *[other] in { $n } hours
  }
in-days = { $n ->
    [one] tomorrow
   *[other] in { $n } days
  }
unit-second = { $n } s
unit-minute = { $n } min
unit-hour = { $n } h
unit-day = { $n ->
    [one] 1 day
   *[other] { $n } days
  }
sla-label = Review time used
sla-left = { $span } left
sla-overdue = { $span } overdue

table-actions = Actions
table-all = all
table-apply = Apply
table-clear = Clear filters
table-none-title = Nothing matches
table-none-text = Try fewer words or another filter.
table-shown = { $shown } shown
table-shown-of = { $shown } of { $total }
table-size = Rows:
table-first = First page
table-next = Next

step-done = done
step-now = under way
step-todo = to come
step-failed = failed
step-warn = taken back

risk-low = Low risk
risk-medium = Medium risk
risk-high = High risk

version-state-draft = Draft
version-state-uploading = Uploading
version-state-submitted = Submitted
version-state-scanning = Checking
version-state-in-review = In review
version-state-approved = Approved
version-state-listed = Listed
version-state-changes-requested = Changes requested
version-state-rejected = Rejected
version-state-blocked = Blocked
version-state-withdrawn = Withdrawn
version-state-quarantined = Quarantined
version-state-recalled = Recalled

install-state-requested = Requested
install-state-resolved = Dependencies settled
install-state-waiting = Waiting
install-state-fetching = Downloading
install-state-verified = Signatures checked
install-state-staged = Unpacked
install-state-preflight = Trial start
install-state-snapshotted = Data saved
install-state-activating = Switching over
install-state-probation = Being watched
install-state-committed = Installed
install-state-rolling-back = Rolling back
install-state-rolled-back = Rolled back
install-state-failed = Failed
install-state-cancelled = Cancelled
install-state-superseded = Replaced by a newer request
install-state-quarantined = Needs an operator

problem-what-now = What you can do
problem-retry = Try again
problem-home = Go to the first page
problem-request = Request
problem-sign-in = You need to sign in to see this page.

sign-in-title = Sign in
sign-in-lead = Use the account your administrator gave you.
sign-in-name = Name or e-mail
sign-in-password = Password
sign-in-bad = Name or password is wrong. Check both and try again.
sign-in-wait = Too many tries. Wait { $span } and try again.
signed-out = You are signed out.
prefs-saved = Saved.

account-lead = Who you are here, what you may do, and what acts in your name.
account-identity = Identity
account-login = Sign-in name
account-roles = Roles
account-tokens = API tokens
account-tokens-none-title = No tokens
account-tokens-none-text = A token lets px-plugin or a CI job act in your name, within the scopes you choose.
account-sessions = Signed-in browsers
account-token-name = Name
account-token-scopes = Scopes
account-token-days = Valid for days
account-token-create = Create token
account-token-created = Token “{ $name }” was created.
account-token-once = Copy it now: it is not shown again.
account-token-revoke = Revoke
account-token-revoked = The token was revoked.
account-token-revoke-what = Whatever uses this token is refused from now on.
account-session-this = this one
account-session-end = End
account-session-ended = That browser is signed out.
account-password = Password
account-password-now = Present password
account-password-new = New password
account-password-hint = At least 10 characters; a few unrelated words are best.
account-password-change = Change password
account-password-changed = Your password was changed; other browsers were signed out.
account-col-name = Name
account-col-scopes = Scopes
account-col-last = Last used
account-col-expires = Expires
account-col-browser = Browser
account-col-since = Since
account-never = never
account-scope-all = everywhere
role-publisher = Publisher
role-reviewer = Reviewer
role-market-operator = Marketplace operator
role-tenant-admin = Tenant administrator
role-tenant-viewer = Tenant viewer
role-platform-ops = Platform operator
scope-plugin-publish = Publish and withdraw versions
scope-plugin-read = Read own versions and reports
scope-review-decide = Decide about reviews
scope-market-operate = Operate the Marketplace
scope-feed-read = Follow the feed and fetch bundles
scope-installation-report = Report outcomes and subscribe
scope-tenant-plugins = Install, upgrade and roll back for the tenant
scope-platform-operate = Operate the installation
problem-hint-identity = Sign in and try again.
problem-hint-right = Ask somebody who manages roles for the right named above.
problem-hint-missing = Check the address, and whether it belongs to your tenant or publisher.
problem-hint-conflict = Load the page again, look at the present state, then repeat.
problem-hint-limit = Wait a little, or send less.
problem-hint-content = Mend what is named above and send it again.
problem-hint-server = Nothing was changed. Try again in a moment; if it stays, give the request id to the operator.
problem-code = Code
problem-status = HTTP status

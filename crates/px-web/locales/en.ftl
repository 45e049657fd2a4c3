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
problem-why = Why it happens
problem-status = HTTP status

# Permissions and risk in plain words.
perm-none = It asks for nothing: it works with its own data only.
perm-http = Send and receive data over the internet: { $host }
perm-kv-read = Read the data it has stored itself
perm-kv-write = Store data of its own
perm-config = Read the settings you give it
perm-secret = Use the secrets you entrust to it
perm-read = See: { $resource }
perm-create = Create: { $resource }
perm-write = Change: { $resource }
perm-delete = Delete: { $resource }
perm-manage = Manage without limits: { $resource }
perm-other = Do “{ $action }”: { $resource }
perm-new = new
perm-risk-native = It runs as a native program on the server, outside the sandbox.
perm-risk-remote = It runs on somebody else's server and sends your data there.
perm-risk-none = It reads little and changes only its own data.

# Audit log.
audit-title = Audit log
audit-search = Search person, action, id or detail
audit-none = Nothing has been recorded yet
audit-none-text = Every change leaves an entry here in the same moment.
audit-when = When
audit-who = Who
audit-what = What
audit-subject = About
audit-detail = Details
audit-action = Action
audit-entry = Entry
audit-hash = Hash
audit-show = Show
audit-by-account = Person
audit-by-token = Token
audit-by-installation = Installation
audit-by-system = By itself
audit-part-installer = Installer
audit-part-rollout = Rollout
audit-part-intake = Intake
audit-part-checks = Automatic checks
audit-part-compatibility = Compatibility run
audit-part-sweeper = Clean-up
audit-part-quick-start = Quick start
audit-part-sla = Deadline watch
audit-part-syncer = Marketplace sync
audit-part-guard = Access guard
did-install-requested = Asked for an install
did-install-resolved = Install: needs settled
did-install-waiting = Install: waiting
did-install-fetching = Install: downloading
did-install-verified = Install: signatures checked
did-install-staged = Install: unpacked
did-install-preflight = Install: trial
did-install-snapshotted = Install: data saved
did-install-activating = Install: switching over
did-install-probation = Install: being watched
did-install-committed = Installed for good
did-install-rolling-back = Going back
did-install-rolled-back = Taken back
did-install-failed = Install failed
did-install-cancelled = Install cancelled
did-install-superseded = Install replaced
did-install-quarantined = Set aside for an operator
did-install-cancel-asked = Asked to cancel
did-install-rollback-asked = Asked to roll back
did-plugin-policy-set = Changed the update policy
did-rollout-created = Rollout begun
did-rollout-running = Rollout resumed
did-rollout-paused = Rollout paused
did-rollout-done = Rollout finished
did-rollout-cancelled = Rollout ended
did-rollout-superseded = Rollout superseded
did-rollout-withdrawn = Rollout withdrawn
did-alert-acknowledged = Took note of an alert
did-addresses-set = Changed how we are told
did-addresses-secret-renewed = Renewed the webhook secret
did-subscription-made = Wants news of a plugin
did-subscription-ended = Wants no more news
did-tenant-created = Tenant made
did-version-registered = Registered a version
did-version-uploading = Upload begun
did-version-submitted = Submitted for review
did-version-scanning = Checks begun
did-version-in-review = Checks passed; waits for a reviewer
did-version-blocked = Blocked by the checks
did-version-listed = Listed
did-version-withdrawn = Withdrawn
did-version-reopened = Opened again
did-version-recalled = Recalled
did-version-quarantined = Quarantined
did-version-quarantine-lifted = Quarantine lifted
did-upload-created = Upload announced
did-upload-terminated = Upload ended by its sender
did-upload-expired = Upload expired
did-bundle-stored = Bundle stored
did-review-claimed = Claimed a review
did-review-released = Gave a review back
did-review-approval = Gave a first approval
did-review-approved = Approved
did-review-rejected = Rejected
did-review-changes-requested = Requested changes
did-review-overruled = Overruled a finding
did-review-rescanned = Had the checks run again
did-review-engine-failed = A check engine failed
did-review-sla-warned = Deadline half used
did-review-sla-at-risk = Deadline at risk
did-review-sla-breached = Deadline missed
did-outcome-committed = Reports: installed
did-outcome-installable = Reports: can be installed
did-outcome-failed = Reports: install failed
did-outcome-rolled-back = Reports: rolled back
did-outcome-rolled-back-by-hand = Reports: rolled back by hand
did-outcome-blocked = Reports: cannot be installed
did-subscription-set = Set a subscription
did-notice-resent = Sent a notice again
did-publisher-registered = Registered a publisher
did-publisher-verified = Verified a publisher
did-key-certified = Certified a signing key
did-key-renewed = Renewed a signing key
did-key-revoked = Revoked a signing key
did-endpoint-added = Added where to be told
did-endpoint-removed = Removed where to be told
did-account-created = Made an account
did-account-disabled = Closed an account
did-account-enabled = Opened an account
did-account-password-changed = Changed a password
did-role-granted = Gave a role
did-role-revoked = Took a role
did-token-issued = Made a token
did-token-revoked = Revoked a token
did-client-created = Made an OAuth2 client
did-client-revoked = Revoked an OAuth2 client
did-session-opened = Signed in
did-session-ended = Signed out
did-session-all-ended = Signed out everywhere
did-access-refused = Was refused
did-catalog-trust-accepted = Accepted the Marketplace's new key
did-catalog-trust-changed = The Marketplace's key changed
did-catalog-refused = Refused a listing

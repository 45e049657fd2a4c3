# Words of the Marketplace's site.
mkt-tagline = Plugins, reviewed by people
mkt-nav-explore = Explore
mkt-nav-publish = Publish
mkt-nav-mine = My plugins
mkt-nav-keys = Signing keys
mkt-nav-review = Review
mkt-nav-queue = Review queue
mkt-nav-operate = Operations
mkt-nav-ops = Overview
mkt-nav-audit = Audit log

# Shared
mkt-optional = optional
mkt-choose = Choose…
mkt-new = new
mkt-more = More
mkt-open = Open
mkt-pages = Pages
mkt-action = Action
mkt-plugin = Plugin
mkt-publisher = Publisher
mkt-verified = verified publisher
mkt-state = State
mkt-risk = Risk
mkt-kind = Runs as
mkt-channel = Channel
mkt-category = Category
mkt-size = Size
mkt-id = Plugin id
mkt-version-id = Version id
mkt-digest = SHA-256
mkt-core = PowerX core
mkt-facts = At a glance
mkt-versions = Versions
mkt-permissions = What it may do
mkt-needs = Plugins it needs
mkt-needs-none = It needs no other plugin.
mkt-notes = Release notes
mkt-no-notes = The publisher gave no release notes.
mkt-listed = Listed
mkt-latest = Latest version
mkt-created = Registered
mkt-submitted = Submitted
mkt-deadline = Deadline
mkt-next = What happens next
mkt-promised = Promised within
mkt-expected = Expected
mkt-until = until
mkt-channel-stable = Stable
mkt-channel-beta = Beta
mkt-kind-wasm = WebAssembly
mkt-kind-process = Native program
mkt-kind-static = Web pages
mkt-kind-remote = Remote service
mkt-cat-productivity = Productivity
mkt-cat-samples = Samples
mkt-cat-finance = Finance
mkt-cat-crm = Customers
mkt-cat-analytics = Analytics
mkt-cat-logistics = Logistics
mkt-cat-hr = People
mkt-cat-security = Security
mkt-cat-communication = Communication
mkt-cat-integration = Integration

# Permissions and risk

# Explore
mkt-explore = Explore
mkt-explore-lead = Every version here was checked by machines, approved by a person and signed.
mkt-explore-find = Find plugins
mkt-explore-hint = Search by name, publisher or purpose
mkt-explore-count = { $n ->
    [one] 1 plugin
   *[other] { $total } plugins
  }
mkt-explore-none = No plugin fits these words and filters. Try fewer words or all categories.
mkt-explore-empty = Nothing is listed yet
mkt-explore-empty-text = Plugins appear here as soon as a reviewer has approved the first version.
mkt-installs = { $n ->
    [0] New
    [one] 1 install
   *[other] { $count } installs
  }
mkt-installs-label = Installs
mkt-closed = Publishing is closed at the moment
mkt-closed-text = New versions are not taken. Everything listed stays available.

# Plugin
mkt-install = Install
mkt-about = What it does
mkt-no-readme = The publisher wrote no description.
mkt-compat = Compatibility
mkt-compat-any = any core
mkt-compat-yes = runs
mkt-compat-no = does not run
mkt-trust = Who vouches for it
mkt-signed-by = Signed with key
mkt-approved-by = Approved by
mkt-approved-by-market = this Marketplace, for exactly these bytes
mkt-verify = Verify yourself
mkt-verify-text = No trust in this page needed: fetch the bundle and check every byte against the publisher's signature.
mkt-install-1 = Open your PowerX admin and choose Marketplace.
mkt-install-2 = Find this plugin and choose when it is installed: now, in your maintenance window, or with the next batch.
mkt-install-3 = Read what it may do, confirm, and watch it start. If it is not healthy it is taken back by itself.
mkt-install-api = By script
mkt-withdrawn = This version was withdrawn
mkt-withdrawn-text = Its publisher does not offer it any more. Installations that have it keep running.
mkt-quarantined = This version is in quarantine
mkt-quarantined-text = It cannot be installed until the Marketplace has looked at it again.
mkt-recalled = This version was recalled
mkt-recalled-text = Remove it where it is installed.

# My plugins
mkt-mine-quiet = Nothing needs you and nothing is under way.
mkt-mine-waiting = { $review ->
    [one] 1 version is being reviewed; nothing needs you.
   *[other] { $review } versions are being reviewed; nothing needs you.
  }
mkt-mine-yours = { $n ->
    [one] 1 version needs you.
   *[other] { $n } versions need you.
  }
mkt-mine-search = Search name, id or version
mkt-mine-empty = Nothing published yet
mkt-mine-empty-text = Make a token, then run “px-plugin login” and “px-plugin publish” in your plugin's folder.
mkt-unverified = Your publisher identity is not verified yet
mkt-unverified-text = You can upload drafts. They can be submitted once an operator has verified who you are.
mkt-stat-yours = Needs you
mkt-stat-yours-some = you have the ball
mkt-stat-none = nothing to do
mkt-stat-review = Under way
mkt-stat-review-note = the Marketplace has the ball
mkt-stat-listed = Listed versions
mkt-stat-installs = { $n } installs reported
mkt-stat-trouble = Trouble at tenants
mkt-stat-trouble-note = failed or rolled back
mkt-chart-outcomes = { $name } at tenants, by version
mkt-outcome-committed = Installed
mkt-outcome-failed = Failed
mkt-outcome-rolled-back = Rolled back
mkt-outcome-look = see your inbox for reasons
mkt-short-draft = Upload the bundle
mkt-short-uploading = Finish the upload
mkt-short-submitted = Checks start shortly
mkt-short-scanning = Checks are running
mkt-short-in-review = A reviewer looks at it
mkt-short-approved = Being listed
mkt-short-listed = Available to tenants
mkt-short-changes-requested = Mend and publish again
mkt-short-rejected = Read the reviewer's reasons
mkt-short-blocked = Mend the findings
mkt-short-withdrawn = Not offered
mkt-short-quarantined = Wait for the Marketplace
mkt-short-recalled = Tenants remove it

# One version
mkt-next-draft = Upload the bundle: px-plugin publish continues where it stopped.
mkt-next-uploading = Finish the upload with px-plugin publish --resume, then it is submitted for review.
mkt-next-submitted = The automated checks start within a minute.
mkt-next-scanning = The automated checks are running; then a person looks at it.
mkt-next-in-review = A reviewer looks at it and decides. You are told at once.
mkt-next-approved = It is approved and is being listed.
mkt-next-listed = It is listed, and subscribed tenants have been told.
mkt-next-changes-requested = The ball is with you: make the changes asked for and publish this version number again. The review clock stands still.
mkt-next-rejected = It was rejected. The version number is free: publish it again once it is mended.
mkt-next-blocked = Findings block it. Mend them and publish this version number again, or wait for a reviewer's judgement.
mkt-next-withdrawn = You took it back. It is not offered any more; where it is installed it keeps running.
mkt-next-withdrawn-free = You took it back before it was listed. The version number is free.
mkt-next-quarantined = It is not offered until the Marketplace has looked at it again.
mkt-next-recalled = It is recalled: tenants are asked to remove it.
mkt-next-place = Place in the queue: { $n }
mkt-way = Its way so far
mkt-by = by { $name }
mkt-by-machine = automatically
mkt-reviewer-says = The reviewer says
mkt-public-page = Public page
mkt-received = Received
mkt-no-report = The checks have not reported yet.
mkt-withdraw-title = Take it back
mkt-withdraw = Withdraw
mkt-withdraw-what = The review ends and the version number becomes free again.
mkt-withdraw-listed = It is not offered any more and subscribers are told. Where it is installed it keeps running. The version number is used up.
mkt-withdraw-hint = Say why: tenants and the audit log see it.
mkt-withdraw-done = { $name } was withdrawn.

# Keys
mkt-keys-lead = Bundles count as yours only when one of these keys signed them.
mkt-keys-empty = No signing key yet
mkt-keys-empty-text = A key proves that a bundle comes from you. Make one on the machine that publishes.
mkt-keys-add = Add a key
mkt-keys-how = The private key never leaves your machine; only its public half is registered and certified.
mkt-key-name = Key
mkt-key-until = Valid until
mkt-key-serial = Certificate
mkt-key-valid = Valid
mkt-key-expired = Expired
mkt-key-revoked = Revoked
mkt-key-revoke = Revoke
mkt-key-revoke-what = Bundles signed with it are refused from now on, for ever. Versions already listed stay listed.
mkt-key-revoke-hint = Say why it is revoked: lost, replaced, leaked.
mkt-key-revoke-sure = Revoke the key “{ $name }” for ever?
mkt-key-revoked-done = The key “{ $name }” was revoked.

# Inbox
mkt-inbox-lead = { $n ->
    [0] You have read everything.
    [one] 1 message is unread.
   *[other] { $n } messages are unread.
  }
mkt-inbox-all = All
mkt-inbox-unread = Unread
mkt-inbox-new = unread
mkt-inbox-read = Mark as read
mkt-inbox-read-all = Mark all as read
mkt-inbox-done = Marked as read.
mkt-inbox-empty = No messages
mkt-inbox-empty-text = News about your versions and reviews arrives here.

# Queue
mkt-queue-quiet = Nothing waits for a reviewer.
mkt-queue-calm = { $n ->
    [one] 1 version waits, well within its time.
   *[other] { $n } versions wait, all well within their time.
  }
mkt-queue-soon = { $soon ->
    [one] { $n } wait; one must be decided within the hour.
   *[other] { $n } wait; { $soon } must be decided within the hour.
  }
mkt-queue-late = { $late ->
    [one] { $n } wait; one is over its deadline.
   *[other] { $n } wait; { $late } are over their deadline.
  }
mkt-queue-search = Search plugin, publisher or version
mkt-queue-empty = The queue is empty
mkt-queue-empty-text = New versions appear here when the automated checks have passed them on.
mkt-queue-changed = The queue has changed since this list was made.
mkt-queue-again = Show it anew
mkt-view-mine = Mine
mkt-view-unclaimed = Unclaimed
mkt-view-all = All
mkt-stat-waiting = Waiting for a reviewer
mkt-stat-in-time = all within their time
mkt-stat-soon = { $n ->
    [one] 1 due within the hour
   *[other] { $n } due within the hour
  }
mkt-stat-late = { $n ->
    [one] 1 over its deadline
   *[other] { $n } over their deadline
  }
mkt-stat-claimed = Claimed
mkt-stat-claimed-note = somebody looks at them now
mkt-stat-median = Median review
mkt-stat-p95 = 95 % decided within
mkt-stat-promise = promised: { $span }
mkt-changed = What changed
mkt-changed-new = first version of this plugin
mkt-changed-from = after { $version }
mkt-changed-perms = { $n ->
    [one] 1 new permission
   *[other] { $n } new permissions
  }
mkt-changed-findings = { $n ->
    [one] 1 finding
   *[other] { $n } findings
  }
mkt-age = Submitted
mkt-claim = Claim
mkt-claim-yours = You
mkt-claim-own = Your own publisher
mkt-claim-title = Who looks at it
mkt-claim-by = Claimed by
mkt-claim-nobody = nobody
mkt-claim-done = It is yours for { $span }; after that it returns to the queue.
mkt-release = Release claim
mkt-release-done = The review is back in the queue.
mkt-approvals = Approvals
mkt-approvals-of = { $given } of { $needed }

# Report
mkt-report-lead = From { $publisher }, channel { $channel }
mkt-report-none = There is no report yet
mkt-report-none-text = The automated checks have not finished for these bytes.
mkt-report-open = The report is not complete
mkt-report-open-text = Some checks are still running; it is signed when all have reported.
mkt-report-unread = The report cannot be shown
mkt-report-unread-text = It is of another format than this program knows. Ask an operator before you decide.
mkt-verdict = Verdict
mkt-verdict-clean = Clean
mkt-verdict-needs-person = Needs your judgement
mkt-verdict-blocked = Blocked
mkt-verdict-held = Held
mkt-verdict-none = Not checked yet
mkt-bucket-security = Security
mkt-bucket-compatibility = Compatibility
mkt-bucket-manifest = Manifest
mkt-bucket-dependencies = Dependencies
mkt-bucket-documentation = Documentation
mkt-bucket-fine = fine
mkt-sev-block = Blocks listing
mkt-sev-error = Must be mended
mkt-sev-hold = Needs judgement
mkt-sev-warning = Warning
mkt-sev-info = Note
mkt-findings = Findings
mkt-findings-clean = Nothing was found
mkt-findings-none = Every check looked and found nothing that speaks against this version.
mkt-findings-none-author = Every check looked and found nothing to mend.
mkt-findings-held = No findings so far, but a check could not be made; it is tried again.
mkt-seen = Seen
mkt-remedy = Remedy
mkt-waived = waived
mkt-checks-all = All checks
mkt-check = Check
mkt-outcome = Outcome
mkt-check-note = Note
mkt-out-pass = passed
mkt-out-findings = { $n ->
    [one] 1 finding
   *[other] { $n } findings
  }
mkt-out-invalid = unreadable
mkt-out-failed = engine failed
mkt-out-na = not applicable
mkt-out-missing = not made
mkt-diff = What changed
mkt-diff-first = Nothing of this plugin is listed yet: everything is new.
mkt-diff-against = Compared with { $version }, which is listed now.
mkt-diff-new = { $n ->
    [one] It asks for 1 permission that the listed version does not have.
   *[other] It asks for { $n } permissions that the listed version does not have.
  }
mkt-run = Compatibility run
mkt-run-none = It has not been run yet.
mkt-run-pass = started, answered its health and smoke requests, and stopped
mkt-run-log = Log of the run
mkt-engines = What took part
mkt-round = Submission
mkt-decide = Your decision
mkt-decide-claim = Claim the review to decide about it.
mkt-decide-held = { $name } holds this review.
mkt-decide-own = It belongs to your own publisher: another reviewer decides.
mkt-decide-over = It does not wait for a reviewer.
mkt-decide-approved = You have approved it; another reviewer must too.
mkt-decide-notes = What the author should know
mkt-decide-notes-hint = Name what must change so that the author can act on it.
mkt-cause = Kind of reason
mkt-approve = Approve
mkt-approve-of = Approve ({ $n } of { $of })
mkt-approve-what = It is signed and listed at once, and subscribed tenants are told.
mkt-approve-first = Your approval is recorded. High risk takes another reviewer before it is listed.
mkt-approve-notes = Note for the author
mkt-overrule = Why the findings do not matter here
mkt-overrule-hint = You overrule the checks. The reason is kept in the audit log under your name.
mkt-changes = Request changes
mkt-changes-what = The author gets your words and may publish this version number again. The clock stands still.
mkt-reject = Reject
mkt-reject-what = The version is refused. The author gets your words.
mkt-reject-sure = Reject { $name }?
mkt-done-listed = { $name } is listed; subscribed tenants are being told.
mkt-done-approved = Your approval of { $name } is recorded; another reviewer must approve it too.
mkt-done-changes = { $name } went back to its author.
mkt-done-rejected = { $name } was rejected.

# Operations
mkt-ops-alerts = { $n ->
    [one] 1 alert is open.
   *[other] { $n } alerts are open.
  }
mkt-ops-look = No alert is open, but some figures below want a look.
mkt-ops-fine = All is well: no alert, nothing late, everybody told.
mkt-publish-open = publishing is open
mkt-stat-listed-30 = Listed in 30 days
mkt-stat-pass = Checks passed
mkt-stat-pass-note = { $n ->
    [0] no report yet
   *[other] of the newest { $n } reports
  }
mkt-stat-dead = Failed jobs
mkt-stat-dead-none = engines are healthy
mkt-stat-dead-some = given up, need a look
mkt-stat-laggards = Not told in time
mkt-stat-laggards-none = everybody was told
mkt-stat-laggards-some = over 30 minutes
mkt-funnel = From upload to listing
mkt-funnel-text = Versions that got this far in the last 30 days.
mkt-funnel-registered = Registered
mkt-funnel-submitted = Submitted
mkt-funnel-checked = Passed the checks
mkt-funnel-approved = Approved
mkt-funnel-listed = Listed
mkt-sla-chart = Hours from submission to listing
mkt-chart-empty = No review has ended yet
mkt-chart-empty-text = The chart begins with the first listing.
mkt-queue-chart = Waiting, by time used
mkt-used-calm = under 50 %
mkt-used-half = 50–80 %
mkt-used-soon = over 80 %
mkt-used-over = overdue
mkt-jobs = Background work
mkt-jobs-empty = Nothing has run yet
mkt-jobs-empty-text = Checks, notices and clean-up appear here.
mkt-job-kind = Kind
mkt-job-ready = Ready
mkt-job-running = Running
mkt-job-done = Done in 7 days
mkt-job-failed = Failed
mkt-job-fine = fine
mkt-job-behind = behind
mkt-job-dead = failed
mkt-delivery = Who was told of new releases
mkt-delivery-empty = Nothing released yet
mkt-delivery-empty-text = After a listing you see here who was told, when, and who was not.
mkt-release-name = Release
mkt-told = Told
mkt-told-of = { $told } of { $all }
mkt-told-nobody = nobody subscribed
mkt-channels = By channel
mkt-via-webhook = Webhook
mkt-via-mail = E-mail
mkt-via-inbox = Inbox
mkt-via-dead = { $n } failed
mkt-laggards = Laggards
mkt-laggards-none = none
mkt-laggards-n = { $n } late
mkt-alerts = Alerts
mkt-alerts-empty = No alerts
mkt-alerts-empty-text = Breached deadlines, failing engines and undelivered news show up here.
mkt-alert-ack = Acknowledge
mkt-alert-acked = { $name } has seen it
mkt-alert-resolved = resolved
mkt-alert-times = { $n } times
mkt-alert-done = The alert is acknowledged.
mkt-alert-gone = Somebody else acknowledged it, or its cause is gone.
mkt-severity-info = for information
mkt-severity-warning = warning
mkt-severity-critical = critical
mkt-severity-page = urgent

# Audit
mkt-audit-lead = Who did what, in a chain that shows every later change.
mkt-audit-check = Check the chain
mkt-audit-whole = The chain is whole: { $n } entries, head { $head }.
mkt-audit-broken = The chain is broken at entry { $n }: { $why }. Keep a copy of the database and find out who wrote to it.
mkt-audit-noun = About
mkt-audit-about = Only entries about { $subject }.
mkt-noun-version = Versions
mkt-noun-review = Reviews
mkt-noun-key = Keys
mkt-noun-publisher = Publishers
mkt-noun-endpoint = Endpoints
mkt-noun-alert = Alerts
mkt-noun-account = Accounts
mkt-noun-session = Sign-ins

# More
mkt-explore-results = Results
mkt-key-revoke-send = Revoke for ever
mkt-approve-send = Approve and list
mkt-approve-send-first = Record my approval
mkt-changes-send = Send to the author
mkt-reject-send = Reject this version
mkt-withdraw-send = Withdraw this version
mkt-clock-paused = the clock stands still
mkt-inbox-rest = Read on
mkt-count-block = { $n } blocking
mkt-count-error = { $n } to mend
mkt-count-hold = { $n } to judge
mkt-count-warning = { $n ->
    [one] 1 warning
   *[other] { $n } warnings
  }
mkt-count-info = { $n ->
    [one] 1 note
   *[other] { $n } notes
  }
mkt-renew = Renew claim

# What an operator sets going again.
mkt-undelivered = Notices that did not arrive
mkt-undelivered-to = About, and to whom
mkt-undelivered-tries = Tries
mkt-undelivered-why = Last answer
mkt-undelivered-when = Given up
mkt-resend = Send again
mkt-resend-done = The notice is on its way again.
mkt-resend-gone = The notice is not given up any more; nothing was sent twice.
mkt-checking = Automated checks under way
mkt-checking-held = Held: an engine is away
mkt-rescan = Check now
mkt-rescan-done = The checks run again at once.
mkt-rescan-gone = The checks of this version have ended in the meantime.
mkt-job-market-intake = Intake of uploads
mkt-job-market-checks = Checks
mkt-job-market-compatibility = Compatibility runs
mkt-job-market-tell = News of listings
mkt-job-market-notified = Who was told
mkt-job-market-sweep = Clean-up
mkt-job-market-sla = Watching deadlines
mkt-job-market-figures = Figures
mkt-job-notify-webhook = Webhooks
mkt-job-notify-mail = Mails
mkt-job-notify-gauges = Figures of notices

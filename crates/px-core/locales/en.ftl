# Words of PowerX admin.
adm-tagline = Plugins of your organisation
adm-nav-overview = Overview
adm-nav-plugins = Plugins
adm-nav-installed = Installed
adm-nav-catalog = Marketplace
adm-nav-operations = Operations
adm-nav-messages = Messages and records
adm-nav-inbox = Inbox
adm-nav-alerts = Alerts
adm-nav-audit = Audit log
adm-nav-operate = This installation
adm-nav-rollouts = Rollouts
adm-tenant = Tenant
adm-tenant-switch = Switch

adm-all = Show all
adm-any = any version
adm-browse = Browse the Marketplace
adm-catalog = Catalog
adm-choose = Choose
adm-current = Up to date
adm-follow = See progress
adm-id = Id
adm-install = Install
adm-installed = Installed
adm-look = Look
adm-manage = Manage
adm-new = new
adm-none = none
adm-not-installed = not installed
adm-save = Save
adm-show = Show
adm-upgrade = Upgrade
adm-upgrade-to = Upgrade to { $version }
adm-update-there = Update available

adm-lead-sick = { $n ->
    [one] One plugin does not work as it should.
   *[other] { $n } plugins do not work as they should.
  }
adm-lead-alerts = { $n ->
    [one] One alert needs you; everything else runs.
   *[other] { $n } alerts need you.
  }
adm-lead-stale = The Marketplace has not answered for a while, so news may be missing.
adm-lead-updates = { $n ->
    [one] Nothing is wrong. One update waits for you.
   *[other] Nothing is wrong. { $n } updates wait for you.
  }
adm-lead-empty = No plugin is installed yet. The Marketplace is a good place to begin.
adm-lead-well = Nothing is wrong, and nothing waits for you.
adm-stat-installed = Installed plugins
adm-stat-updates = Updates waiting
adm-stat-running = Running now
adm-stat-alerts = Open alerts
adm-stat-sick = { $n ->
    [one] 1 has a problem
   *[other] { $n } have problems
  }
adm-stat-none = none yet
adm-stat-healthy = no problems
adm-stat-current = all up to date
adm-stat-no-high = none with high risk
adm-stat-high = { $n ->
    [one] 1 with high risk
   *[other] { $n } with high risk
  }
adm-stat-now = installs and upgrades
adm-stat-calm = nothing to see to
adm-stat-look = have a look
adm-todo = What to do
adm-todo-none = All is well.
adm-todo-none-text = No alerts, no updates, and every plugin works.
adm-todo-sick = It does not answer as it should. See what it says and whether to go back.
adm-todo-update = { $name } can be upgraded from { $has }
adm-todo-update-text = Version { $version } is listed.
adm-todo-stale = The catalog is not fresh
adm-todo-stale-since = The Marketplace last answered { $ago }. Installed plugins are not affected.
adm-todo-unsynced = The catalog is still empty
adm-todo-unsynced-text = The Marketplace has not been reached yet. Plugins appear here once it has.
adm-your-plugins = Your plugins
adm-none-installed = No plugins yet
adm-none-installed-text = Choose one in the Marketplace. Installing takes four short steps, and you can always go back.
adm-nothing-running = Nothing is being installed right now.
adm-recent = What happened last
adm-upgraded = Upgraded

adm-col-plugin = Plugin
adm-col-version = Version
adm-col-health = Health
adm-col-update = Update
adm-col-state = State
adm-col-change = Change
adm-col-here = Here
adm-col-release = Release
adm-col-progress = Tenants reached
adm-col-batch = Batch
adm-col-failed = Failed
adm-col-began = Began
adm-col-why = Why
adm-col-when = When
adm-col-actor = Who
adm-col-action = What
adm-col-subject = About
adm-col-about = About
adm-col-detail = Details

adm-health-healthy = Healthy
adm-health-degraded = Errors
adm-health-down = Down
adm-health-idle = Idle
adm-severity-info = For your information
adm-severity-warning = Warning
adm-severity-critical = Critical
adm-severity-page = Urgent
adm-channel = Channel
adm-channel-stable = Stable
adm-channel-beta = Beta
adm-channel-stable-only = Stable versions
adm-channel-with-beta = Beta versions too
adm-channel-hint = Beta versions come earlier and are less tried.
adm-kind-wasm = Sandboxed component
adm-kind-process = Native program
adm-kind-static = Pages only
adm-kind-remote = Remote service

adm-catalog-lead = { $n ->
    [0] No plugins are known yet.
    [one] One plugin, checked and signed before it is listed.
   *[other] { $n } plugins, each checked and signed before it is listed.
  }
adm-catalog-search = Search name, publisher or purpose
adm-catalog-empty = Nothing is listed yet
adm-catalog-empty-text = As soon as the Marketplace lists a plugin it appears here by itself.
adm-filter-show = Show
adm-filter-risk = Risk
adm-filter-sort = Order
adm-show-fits = fits this installation
adm-show-new = not installed
adm-show-installed = installed
adm-show-update = update available
adm-sort-new = newest first
adm-sort-risk = lowest risk first
adm-fit-yes = Fits
adm-fit-no = Blocked
adm-blocked = It cannot be installed here yet.
adm-why-off = Installing is switched off for this installation. Ask whoever runs it.
adm-why-withdrawn = The Marketplace no longer offers this version. Choose another one.
adm-why-core = It runs on PowerX { $range }; this is { $ours }. Choose another version, or ask for an update of PowerX.
adm-why-missing = It needs { $plugin } ({ $range }), which is not installed. Install that first.
adm-why-version = It needs { $plugin } { $range }; you have { $has }. Upgrade that first.
adm-wait-off = Updates are switched off for this plugin: nothing happens by itself.
adm-wait-notify = You decide when: your update policy is to be told only.
adm-wait-switched-off = Automatic upgrades are switched off for this installation.
adm-wait-asks = It asks for something new, so a person has to agree: { $what }
adm-wait-no-rollout = There is no rollout of it here yet; you can start the upgrade yourself.
adm-wait-paused = The rollout is paused while somebody looks at a problem.
adm-wait-ended = The rollout of it has ended; you can start the upgrade yourself.
adm-wait-left-out = The publisher's plan leaves your organisation out for now.
adm-wait-batch = It comes with batch { $batch } of { $batches }; an earlier batch is still going on.
adm-wait-failed = It was tried with batch { $n } and taken back.
adm-wait-excluded = It was left out of the rollout; the operations page says why.
adm-why-not-yet = Version { $version } is there. Why it is not installed yet:
adm-see-whats-new = See what is new

adm-about = About
adm-publisher = Publisher
adm-newest = Newest version
adm-yours = Your version
adm-risk = Risk
adm-kind = Runs as
adm-runs-on = Runs on PowerX
adm-this-core = This PowerX
adm-size = Size
adm-listed = Listed
adm-needs = Needs
adm-needs-nothing = No other plugins.
adm-versions = Versions
adm-permissions = What it may do
adm-permissions-granted = What it may do
adm-whats-new = What is new in { $version }
adm-no-notes = The publisher wrote no notes for this version.
adm-told = New versions
adm-told-no = You are not told about new versions of this plugin.
adm-told-yes = You are told when a new version is listed.
adm-told-start = Tell me
adm-told-stop = Stop telling me
adm-told-started = You will be told about new versions.
adm-told-stopped = You will no longer be told about new versions.
adm-told-how = How we are told

adm-nav-told = How we are told
adm-tell-lead = News of the plugins your organisation uses or follows, besides the inbox here.
adm-tell-none = Your inbox tells you
adm-tell-none-text = News always come into the inbox here; nothing needs to be set for that. Give an address below to get them by webhook or mail, too.
adm-tell-addresses = Addresses
adm-tell-what = They hold for every plugin you have or follow. An empty field means: not this way.
adm-tell-webhook = Webhook
adm-tell-webhook-hint = An https address that takes signed messages (Standard Webhooks). It must be reachable from the internet.
adm-tell-email = Mail
adm-tell-email-hint = One address; a list of your own is a good choice.
adm-tell-language = Language of mails
adm-tell-language-en = English
adm-tell-language-zh-cn = 中文（简体）
adm-tell-unset = Not set
adm-tell-saved = It is kept. The Marketplace learns it within seconds.
adm-tell-state = At the Marketplace
adm-tell-state-none = You have and follow no plugin yet. The addresses are used as soon as you do.
adm-tell-state-all = The Marketplace knows them, for { $n } of your plugins.
adm-tell-state-some = The Marketplace is being told; { $pending } of { $n } plugins are left.
adm-tell-refused = The Marketplace refuses
adm-tell-secret = Signature of the webhook
adm-tell-secret-text = Each message is signed, so that your receiver can tell it from others. It was shown when it was made and cannot be shown again.
adm-tell-secret-since = Present secret since
adm-tell-secret-new = New secret
adm-tell-secret-new-what = You are shown a new secret. For a day messages are signed with both, so that your receiver can change over.
adm-tell-secret-made = The webhook's signing secret
adm-tell-secret-once = Copy it into your receiver now: it is shown this once.
adm-tell-bad-webhookurl-px-0601 = This address is inside a private network. Give one that is reachable from the internet.
adm-tell-bad-webhookurl-px-0602 = This is no address for a webhook. Give one such as https://hooks.example.com/powerx, without user name or #.
adm-tell-bad-email-px-0602 = This is no mail address. Give one such as ops@example.com.
adm-tell-bad-language-px-0005 = Choose one of the languages.


adm-wizard-install = Install { $name }
adm-wizard-upgrade = Upgrade { $name }
adm-step-1 = Version
adm-step-2 = When
adm-step-3 = Permissions
adm-step-4 = Start
adm-ask-1 = Which version?
adm-ask-2 = When should it happen?
adm-ask-3 = What may it do?
adm-ask-4 = Ready to start
adm-next = Continue
adm-leave = Not now
adm-draft = You began this before.
adm-draft-text = What you filled in is still there.
adm-draft-go-on = Go on where you were
adm-no-version = This channel has no version that could be chosen.
adm-version-line = Listed { $ago } · { $size }
adm-step-version-missing = Choose one of the versions.
adm-step-version-serves = This version is installed already. Choose another one.
adm-step-version-blocked = This version cannot be installed here; its mark says why. Choose another one.
adm-step-batch-gone = It can no longer come with a batch. Choose another time.
adm-step-grant-missing = Tick the box to go on, or leave: nothing is installed without your consent.
adm-step-high-missing = High risk needs its own tick.
adm-time-missing = Give a date and a time.
adm-time-unread = This is not a time that exists. Give it as in 2026-11-29T02:00.
adm-time-past = This time is over. Choose a later one.
adm-time-far = Choose a time within the next 90 days.
adm-time-zone = This time zone is not known here. Choose one from the list.
adm-when = When
adm-when-now = At once
adm-when-night = Next night: { $at }
adm-when-sunday = Sunday night: { $at }
adm-when-later = At a time I choose below
adm-when-batch = With the rollout, in batch { $batch }
adm-when-some-batch = With the rollout, in my batch
adm-when-what = Until the new version has proven itself, the present one stays ready and takes over at once if anything goes wrong.
adm-at = Not before
adm-at-hint = Used when you choose your own time.
adm-zone = Time zone
adm-zone-hint = All times above are in this zone.
adm-not-before = Not before { $at }
adm-risk-of-version = Risk of this version:
adm-risk-why = Why it has this risk
adm-asks-nothing-new = It asks for nothing you have not granted already.
adm-tick-grant = I have read the list and grant these permissions.
adm-tick-high = I understand that some of them are of high risk.
adm-grants-new = { $n ->
    [one] One new permission, granted by you
   *[other] { $n } new permissions, granted by you
  }
adm-from-to = { $from } → { $to }
adm-what-happens = What will happen
adm-what-install = The bundle is downloaded, its signatures are checked, it is started in a trial and then watched. If anything goes wrong it is removed again by itself.
adm-what-upgrade = The new version is downloaded, its signatures are checked, and it is started beside the present one. It takes over only when healthy, is watched, and your present version comes back by itself if anything goes wrong.
adm-start-install = Install now
adm-start-upgrade = Upgrade now
adm-start-later = Plan it
adm-start-batch = Let it come with the batch
adm-started = It has begun. You can leave this page; it goes on by itself.
adm-started-later = It is planned and will begin by itself.
adm-started-batch = It will come with your batch. From now on this plugin upgrades by itself.
adm-busy = Another operation has to end first
adm-busy-text = { $what } is on its way.

adm-operations-lead = Every install, upgrade and way back, with its steps and its proof.
adm-operations-search = Search plugin, version, person or id
adm-no-operations = Nothing has been installed yet
adm-no-operations-text = What is installed, upgraded or taken back appears here with every step.
adm-filter-running = running
adm-filter-done = succeeded
adm-filter-bad = failed or taken back
adm-asked-by = Asked by
adm-asked-at = Asked
adm-took = Took
adm-by-person = by hand
adm-by-policy = by your update policy
adm-by-url = by an address
adm-nothing-before = the state before

adm-steps = Steps
adm-step-requested = Permission and policy check
adm-step-resolved = Everything it needs
adm-step-waiting = Waiting for its time
adm-step-fetching = Download
adm-step-verified = Signature check
adm-step-staged = Unpacking and preparing
adm-step-preflight = Trial start, without traffic
adm-step-snapshotted = Data saved
adm-step-activating = Switching over
adm-step-probation = Watching it with real traffic
adm-step-committed = Installed for good
adm-step-rolling-back = Going back
adm-step-rolled-back = Version before serves again
adm-step-failed = Stopped
adm-step-cancelled = Cancelled
adm-step-superseded = Replaced by a newer request
adm-step-quarantined = Set aside for an operator
adm-doing-requested = Policy, permissions and this PowerX are being checked.
adm-doing-resolved = It goes on in a moment.
adm-doing-waiting = It begins by itself when its time has come.
adm-doing-fetching = The download begins.
adm-doing-verified = It is being unpacked within limits.
adm-doing-staged = It goes on in a moment.
adm-doing-preflight = It runs beside the present version and is asked for its health.
adm-doing-snapshotted = The data is saved; changes to it are being prepared.
adm-doing-activating = The new version takes over.
adm-doing-probation = Errors, crashes and speed are compared with the version before.
adm-doing-rolling-back = The version before is being brought back.

adm-now-requested = Version { $version } is being prepared.
adm-now-resolved = Version { $version } is being prepared.
adm-now-waiting = Version { $version } waits for its time.
adm-now-fetching = Version { $version } is being downloaded.
adm-now-verified = Version { $version } is genuine.
adm-now-staged = Version { $version } is unpacked.
adm-now-preflight = Version { $version } runs in a trial.
adm-now-snapshotted = Your data is saved.
adm-now-activating = Version { $version } is taking over.
adm-now-probation = Version { $version } serves and is being watched.
adm-now-committed = Version { $version } is installed.
adm-now-rolling-back = Going back to { $before }.
adm-now-rolled-back = Version { $version } was taken back.
adm-now-failed = Version { $version } could not be installed.
adm-now-cancelled = The install was cancelled.
adm-now-superseded = A newer request took its place.
adm-now-quarantined = Somebody who runs the installation has to look at this.
adm-next-requested = Nothing has changed for your users; { $before } serves.
adm-next-resolved = Nothing has changed for your users; { $before } serves.
adm-next-waiting = It begins by itself. Until then { $before } serves.
adm-next-fetching = Nothing has changed for your users; { $before } serves.
adm-next-verified = Nothing has changed for your users; { $before } serves.
adm-next-staged = Nothing has changed for your users; { $before } serves.
adm-next-preflight = It gets no traffic yet; { $before } serves.
adm-next-snapshotted = It gets no traffic yet; { $before } serves.
adm-next-activating = If it is not healthy, { $before } takes over at once.
adm-next-probation = If anything goes wrong, { $before } comes back by itself.
adm-next-committed = { $before } is kept ready for a day, in case you want to go back.
adm-next-committed-first = It passed its trial and serves. Open it from its page.
adm-next-rolling-back = This takes seconds. You need do nothing.
adm-next-rolled-back = { $before } serves again. The publisher was told; wait for a new version or try again.
adm-next-rolled-back-first = It was removed again. The publisher was told; wait for a new version or try again.
adm-next-failed = Nothing has changed for your users: { $before } serves.
adm-next-failed-first = Nothing was put in place.
adm-next-cancelled = Nothing has changed for your users: { $before } serves.
adm-next-cancelled-first = Nothing was put in place.
adm-next-superseded = See the newer operation.
adm-next-quarantined = The operators were told. You need do nothing.
adm-asked = Your wish was noted and is being carried out.

adm-cancel = Cancel
adm-cancel-yes = Cancel the install
adm-cancel-what = Nothing has been put in place yet, so nothing changes for your users. You can start again whenever you like.
adm-cancel-done = It is being cancelled.
adm-keep-going = Let it go on
adm-keep-version = Keep the present version
adm-roll-back = Roll back
adm-rollback-what = The version before takes over within seconds and what the new version changed in your data is handled by the plugin's own rules. Requests are not lost.
adm-rollback-why = Why do you go back?
adm-rollback-why-hint = The publisher and the audit log get your words.
adm-rollback-begun = It is going back.
adm-to-plugin = Open its page
adm-to-operation = See the operation
adm-to-rollout = See the rollout
adm-to-catalog = See it in the Marketplace
adm-try-again = Try again

adm-facts = In short
adm-before = Version before
adm-rollback-took = Going back took
adm-confirm-by = Kept or taken back
adm-kept-until = Way back open until
adm-kept = { $version }, until { $at }
adm-see-audit = See every entry
adm-proof = Proof
adm-signature = Signatures
adm-proven = Checked
adm-not-proven-yet = Not checked yet
adm-signed-by = Signed by
adm-listing = Listing
adm-listed-by = Approved by the Marketplace for { $publisher }
adm-not-listed = Not from the Marketplace
adm-version-id = Version id
adm-digest = SHA-256
adm-log = Log
adm-log-empty = Nothing has been written yet.
adm-log-save = Save

adm-installed-lead = { $n ->
    [0] Nothing is installed yet.
    [one] One plugin. Its version before is kept for a day after every change.
   *[other] { $n } plugins. The version before is kept for a day after every change.
  }
adm-installed-search = Search your plugins
adm-plugin-trial = The first version is being watched; it is kept when it proves itself.
adm-plugin-behind = Version { $version } serves; { $new } is available.
adm-plugin-current = Version { $version } serves; it is the newest of your channel.
adm-open = Open
adm-held = No version of it works right now
adm-held-text = Your users see a maintenance notice. The operators were told.
adm-usage = How it does
adm-usage-idle = Nobody has used it for a while, so it is asleep. It wakes with the next request.
adm-usage-none = no requests yet
adm-usage-quiet = No requests in the last 24 hours.
adm-usage-chart = Requests in the last 24 hours
adm-usage-ago = { $n } h ago
adm-usage-now = this hour
adm-usage-fine = Answered
adm-usage-failed = Failed
adm-requests = Requests
adm-errors = Errors
adm-crashes = Crashes
adm-latency = Typical answer
adm-since-start = since its last start
adm-crashes-note = restarted by itself
adm-latency-note = half are faster
adm-serves = Serves
adm-candidate = Being watched
adm-history = History
adm-policy = Updates
adm-policy-off = Off
adm-policy-notify = Tell me
adm-policy-auto = By itself
adm-policy-when = When a new version is listed
adm-policy-off-long = Do nothing
adm-policy-notify-long = Tell me; I decide
adm-policy-auto-long = Upgrade by itself, with my batch
adm-policy-off-says = Nothing happens when a new version is listed, and you are not told.
adm-policy-notify-says = You are told when a new stable version is listed, and you decide.
adm-policy-notify-beta-says = You are told when a new stable or beta version is listed, and you decide.
adm-policy-auto-says = New stable versions come by themselves with your batch of the rollout, unless they ask for new permissions.
adm-policy-auto-beta-says = New stable and beta versions come by themselves with your batch of the rollout, unless they ask for new permissions.
adm-policy-saved = Saved. It holds from the next version on.

adm-rollouts-lead = New versions reach a few tenants first, then more. Failures stop them by themselves.
adm-rollouts-stuck = { $n ->
    [one] One rollout is paused and needs somebody.
   *[other] { $n } rollouts are paused and need somebody.
  }
adm-rollouts-search = Search plugin or version
adm-no-rollouts = No rollouts yet
adm-no-rollouts-text = When a new version of an installed plugin is listed, its rollout appears here.
adm-rollout-running = Running
adm-rollout-paused = Paused
adm-rollout-done = Finished
adm-rollout-superseded = Superseded
adm-rollout-withdrawn = Withdrawn
adm-rollout-cancelled = Ended
adm-rollout-lead = { $done } of { $all } tenants have it; batch { $batch } of { $batches }.
adm-rollout-stands = The rollout stands still
adm-pause = Pause
adm-resume = Resume
adm-end = End
adm-pause-what = No further tenant gets the version. Tenants that have it keep it, and what is being watched goes on.
adm-resume-what = The rollout goes on with the present batch. Failures so far no longer count against it.
adm-end-what = No further tenant gets the version, and the rollout cannot be resumed. Tenants that have it keep it.
adm-paused = The rollout is paused.
adm-resumed = The rollout goes on.
adm-ended = The rollout has ended.
adm-batches = Batches
adm-batch = Batch { $n } · up to { $share }
adm-batch-n = Batch { $n }
adm-batch-wait = { $span } after the batch before
adm-batch-passed = Passed
adm-batch-running = Running
adm-batch-paused = Paused
adm-batch-pending = To come
adm-batch-never = Not reached
adm-n-of-m = { $done } of { $all } tenants
adm-n-failed = { $n } failed
adm-failed-none = none so far
adm-failed-some = see who and why
adm-member-pending = Waiting
adm-member-installing = Under way
adm-member-committed = Has it
adm-member-failed = Failed
adm-member-forgiven = Failed before
adm-member-excluded = Not counted
adm-tenants = Tenants
adm-who-is-where = Who is where, and why
adm-tenants-search = Search tenants
adm-pending-why = Its batch has not come yet.
adm-blame-plugin = Counts against the version.
adm-blame-tenant = The tenant's own state; not counted.
adm-blame-infrastructure = Our surroundings; not counted.

adm-inbox-all = All
adm-inbox-unread = Unread
adm-inbox-none = No messages
adm-inbox-none-text = News about versions and operations arrive here.
adm-inbox-lead = { $n ->
    [one] One message is unread.
   *[other] { $n } messages are unread.
  }
adm-inbox-lead-none = You have read everything.
adm-unread = new
adm-read = Mark as read
adm-read-all = Mark all as read
adm-read-done = { $n ->
    [one] One message is marked as read.
   *[other] { $n } messages are marked as read.
  }
adm-alerts-open = Open
adm-alerts-all = All
adm-alerts-none = No open alerts
adm-alerts-none-text = When something goes wrong you read here what happened, what was done by itself, and what you can do.
adm-alerts-lead = { $n ->
    [one] One alert waits for somebody to take note.
   *[other] { $n } alerts wait for somebody to take note.
  }
adm-alerts-lead-none = Nothing is wrong.
adm-what-happened = What happened
adm-done-by-itself = What was done by itself
adm-you-can = What you can do
adm-take-note = I have taken note
adm-note-taken = Noted: others see that you are on it.
adm-noted-by = { $who } has taken note.
adm-alert-noted = Noted
adm-alert-resolved = Resolved
adm-alert-times = { $n } times
adm-alert-do = Look at what it is about, and take note so that others know.
adm-alert-install-failed-did = The install was stopped before it got any traffic. The version that was there keeps serving.
adm-alert-install-failed-do = Read why in the operation. Wait for a new version of the plugin, or try again.
adm-alert-install-rolled-back-did = The version before was brought back, and the publisher was told.
adm-alert-install-rolled-back-do = Read why in the operation. Nothing is broken now; wait for a mended version before you try again.
adm-alert-install-quarantined-did = Everything was stopped and the operators were called.
adm-alert-install-quarantined-do = Wait for the operators, or ask them with the operation's id.
adm-alert-rollback-slow-did = The version before serves again, only later than promised.
adm-alert-rollback-slow-do = See in the operation's steps where the time went.
adm-alert-rollout-paused-did = No further tenant gets the version. Tenants in trouble were taken back.
adm-alert-rollout-paused-do = See in the rollout who failed and why, then resume it or end it.
adm-alert-install-success-rate-did = Nothing was changed by itself: each failed install was stopped or taken back on its own.
adm-alert-install-success-rate-do = See under Operations which installs failed, and whether they have one cause.
adm-alert-rollback-frequency-did = Each of the versions was taken back on its own.
adm-alert-rollback-frequency-do = See under Operations which versions were taken back, and pause their rollouts if they share a cause.
adm-alert-catalog-stale-did = The connection is tried again all the time. Installed plugins are not affected.
adm-alert-catalog-stale-do = Check the network to the Marketplace and the installation's token.
adm-alert-catalog-went-back-did = The whole feed is read again. Installed plugins are not affected.
adm-alert-catalog-went-back-do = Ask the Marketplace's operator whether it was restored from a back-up, and since when.

adm-audit-lead = Every change with who made it. Entries are chained, so that a later change of one would show.
adm-audit-all = all tenants
adm-audit-install = Installs
adm-audit-plugin = Policies
adm-audit-rollout = Rollouts
adm-audit-alert = Alerts
adm-audit-subscription = Subscriptions
adm-audit-tenant = Tenants
adm-check-chain = Check the chain
adm-chain-whole = The chain is whole: { $n } entries fit each other, up to { $head }….
adm-chain-broken = The chain is broken at entry { $seq }. Tell whoever runs the installation at once.

adm-remedy-px-0401 = Ask whoever runs the installation to allow this host, or install the listed version.
adm-remedy-px-0402 = Ask whoever runs the installation to switch installing on. Installed plugins keep running.
adm-remedy-px-0403 = Choose another version: this one was withdrawn or is not listed yet.
adm-remedy-px-0404 = Choose a version that runs on this PowerX, or ask for an update of PowerX.
adm-remedy-px-0405 = Install or upgrade the plugins it needs first.
adm-remedy-px-0406 = Decide which of the two plugins you need; they cannot live beside each other.
adm-remedy-px-0407 = Read the permissions and tick the boxes, if you agree.
adm-remedy-px-0408 = Wait until the other operation has ended, or cancel it.
adm-remedy-px-0409 = Choose an earlier version in the wizard: the version before is kept for a day only.
adm-remedy-px-0410 = Try again later. Nothing has changed.
adm-remedy-px-0411 = Do not use this file. Try again later; if it stays, tell whoever runs the installation.
adm-remedy-px-0412 = Wait for a mended version. The publisher was told.
adm-remedy-px-0413 = Wait for a mended version. Your present version was never touched.
adm-remedy-px-0414 = Wait for a mended version. The version before serves again.
adm-remedy-px-0415 = You have this version already. Nothing to do.
adm-remedy-px-0416 = Install the plugin first.
adm-remedy-px-0417 = Wait for a mended version. Your data was restored.
adm-remedy-px-0418 = Use roll back instead: the new version serves already.

adm-step-of = Step { $n } of { $all }
adm-todo-update-tried = Version { $version } was tried here and taken back. Wait for a mended one.
adm-batch-first = Batch { $n } · first to try
adm-n-excluded = { $n } not counted
adm-pending-paused = The rollout is paused.
adm-pending-never = The rollout ended before its batch came.
adm-wait-asks-too = It asks for something new: { $what }
adm-wait-tried = It was tried here and taken back; the history says why. A mended version is better.

# What a step left behind.
adm-said-between = { "; " }
adm-said-unpacked = Unpacked and compiled
adm-said-no-migration = Nothing to migrate
adm-said-healthy = Healthy
adm-said-first = There was no version before
adm-said-nothing-serves = nothing serves now
adm-said-signed = Signed by { $by }, SHA-256 { $digest }…
adm-said-smoke = { $n ->
    [0] it declares no trial requests
    [one] its one trial request was answered as declared
   *[other] all { $n } trial requests were answered as declared
  }
adm-said-saved = { $n ->
    [0] no data to save yet
   *[other] { $size } of data saved
  }
adm-said-watching = { $version } serves while it is watched for { $span }
adm-said-watched = Watched for { $span }: { $requests ->
    [0] no requests
    [one] one request
   *[other] { $requests } requests
  }, { $errors ->
    [0] no errors
    [one] one error
   *[other] { $errors } errors
  }
adm-said-again = { $version } serves again
adm-said-again-data = { $version } serves again, with the data from before
adm-sort-name = by name

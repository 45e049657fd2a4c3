//! Who may do what, in two forms: roles of people and scopes of tokens.

use crate::version::words;

words! {
    /// A role an account holds, on the Marketplace or in a PowerX installation.
    Role {
        /// Publishes plugins for one publisher (`plugin:publish`).
        Publisher = "publisher",
        /// Decides about versions.
        Reviewer = "reviewer",
        /// Runs the Marketplace.
        MarketOperator = "market_operator",
        /// Manages one tenant's plugins.
        TenantAdmin = "tenant_admin",
        /// Sees one tenant's plugins.
        TenantViewer = "tenant_viewer",
        /// Runs the installation; sees all tenants, no plugin data.
        PlatformOps = "platform_ops",
    }
}

words! {
    /// What a token may be used for (OAuth 2.0 scope names, RFC 6749 section 3.3).
    Scope {
        /// Register, upload, submit and withdraw versions.
        PluginPublish = "plugin.publish",
        /// Read one's own versions, reviews and reports.
        PluginRead = "plugin.read",
        /// Decide about reviews.
        ReviewDecide = "review.decide",
        /// Operate the Marketplace.
        MarketOperate = "market.operate",
        /// Follow the event feed and fetch bundles, as a PowerX installation.
        FeedRead = "feed.read",
        /// Report outcomes and manage subscriptions, as a PowerX installation.
        InstallationReport = "installation.report",
        /// Install, upgrade and roll back plugins of one tenant.
        TenantPlugins = "tenant.plugins",
        /// Operate a PowerX installation.
        PlatformOperate = "platform.operate",
    }
}

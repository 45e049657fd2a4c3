//! How much a plugin is used is kept by the hour, for its tenant alone.

use http::Method;
use jiff::SignedDuration;
use px_core::app::authority::TenantScope;
use px_core::store::usage::{self, Hour, hour_of};
use px_testkit::engines;
use serde_json::json;

use super::site::Site;

const PLUGIN: &str = "com.powerx.samples.greeter";
const HELLO: &str = "/_p/com.powerx.samples.greeter/api/hello?name=Ada";

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_counted_by_the_hour_and_kept_for_a_month() {
    for engine in engines() {
        let mut site = Site::started(engine, |_| {}).await;
        let (acme, token) = site.tenant("acme").await;
        let (other, _) = site.tenant("other").await;
        let plugin = PLUGIN.parse().unwrap();
        site.market.list("1.0.0");
        let order = json!({"pluginId": PLUGIN, "version": "1.0.0",
            "acknowledgedPermissions": ["greeter:greeting:read"]});
        let id = site
            .until("the version to be synced", async || {
                let path = "/api/v1/admin/plugins/install/url";
                let answer = site.ask(Method::POST, path, &token, order.clone()).await;
                answer.json()["installJobId"].as_str().map(str::to_owned)
            })
            .await;
        assert_eq!(site.ended(&id, &token).await["status"], "committed");
        for _ in 0..7 {
            assert_eq!(site.get(HELLO, &token).await.status, 200);
        }
        let (db, scope) = (site.db().clone(), TenantScope::every());
        let now = db.env().now();
        let long_ago = now - SignedDuration::from_hours(24 * 60);
        let used = async |tenant| {
            let found = usage::since(&db, &scope, tenant, &plugin, long_ago).await;
            found.unwrap()
        };
        let total = site
            .until("the requests to be counted", async || {
                let total: u64 = used(acme).await.iter().map(|h| h.requests).sum();
                (total >= 7).then_some(total)
            })
            .await;
        assert!(
            total < 20,
            "{total}: watching it counts as well, but little"
        );
        assert_eq!(used(other).await, []);
        let foreign = TenantScope::one(other);
        let seen = usage::since(&db, &foreign, acme, &plugin, long_ago).await;
        assert_eq!(seen.unwrap(), [], "another tenant's scope");

        // Two processes add to the same hour; what is older than a month goes.
        let hour = |back, requests, errors| Hour {
            at: hour_of(now - SignedDuration::from_hours(back)),
            requests,
            errors,
        };
        let mut tx = db.begin().await.unwrap();
        for counted in [hour(5, 3, 1), hour(5, 4, 0), hour(24 * 40, 9, 9)] {
            let whose = (other, plugin.clone());
            usage::add(&mut tx, &[(whose, counted)]).await.unwrap();
        }
        assert_eq!(usage::forget(&mut tx).await.unwrap(), 1);
        tx.commit().await.unwrap();
        assert_eq!(used(other).await, [hour(5, 7, 1)]);
        site.running.take().unwrap().stop().await;
    }
}

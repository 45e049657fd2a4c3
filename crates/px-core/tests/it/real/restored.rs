//! A Marketplace that comes back from a back-up knows less than its followers do.

use px_testkit::engines;
use serde_json::Value;

use super::site::Site;

const VERSIONS: &str = "/api/v1/admin/plugins/versions?pluginId=com.powerx.samples.greeter";

async fn knows(site: &Site, token: &str, version_id: &str) {
    site.until("the version to be synced", async || {
        let all = site.get(VERSIONS, token).await.json();
        let all = all.as_array().unwrap().clone();
        all.iter()
            .any(|v| v["listed"]["versionId"] == version_id)
            .then_some(())
    })
    .await;
}

async fn catalog_alerts(site: &Site, ops: &str) -> Vec<Value> {
    let answer = site.get("/api/v1/admin/alerts", ops).await.json();
    let all = answer.get("items").unwrap_or(&answer).as_array().unwrap();
    all.iter()
        .filter(|a| a["kind"] == "catalog.went_back")
        .cloned()
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_restored_marketplace_lists_is_not_taken_for_known() {
    for engine in engines() {
        let site = Site::started(engine, |_| {}).await;
        let (_, token) = site.tenant("acme").await;
        let ops = site.ops().await;
        let kept = site.market.list("1.0.0");
        let lost = site.market.list("1.1.0");
        knows(&site, &token, &kept.version_id.to_string()).await;
        knows(&site, &token, &lost.version_id.to_string()).await;
        assert_eq!(catalog_alerts(&site, &ops).await.len(), 0);

        // The listing after the restore has the number that the lost one had.
        site.market.restore(1);
        site.until("the alert", async || {
            let alerts = catalog_alerts(&site, &ops).await;
            (alerts.len() == 1).then_some(())
        })
        .await;
        let again = site.market.list("1.1.0");
        knows(&site, &token, &again.version_id.to_string()).await;
    }
}

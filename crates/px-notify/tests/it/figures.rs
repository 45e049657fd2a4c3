//! Metrics, as Prometheus reads them.

use metrics_exporter_prometheus::PrometheusBuilder;
use px_notify::NotifyConfig;
use px_testkit::{Answer, WebhookReceiver};

use crate::support::{config, databases, exhaust, notifier, queue, webhook};

#[tokio::test]
async fn failure_rate_attempts_and_endings_are_counted_under_the_fixed_names() {
    let recorder = PrometheusBuilder::new().build_recorder();
    // Of this thread, on which the whole test runs.
    let _local = metrics::set_default_local_recorder(&recorder);
    let test = databases().await.remove(0);
    let receiver = WebhookReceiver::start().await.unwrap();
    let endpoint = webhook(&test.db, "tenant:t", &receiver).await;
    let notifier = notifier(&test.db);
    for answer in [204, 500] {
        receiver.answer_always(Answer::Status(answer));
        let id = queue(&test.db, endpoint.id, "ver_1").await;
        exhaust(&test, &notifier, id).await;
    }
    queue(&test.db, endpoint.id, "ver_1").await;
    notifier.periodic().tick().await.unwrap();

    let page = recorder.handle().render();
    for line in [
        "marketplace_notifications_failure_rate 0.5",
        "marketplace_notifications_waiting 1",
        "marketplace_notifications_attempts_total{channel=\"webhook\",outcome=\"ok\"} 1",
        "marketplace_notifications_attempts_total{channel=\"webhook\",outcome=\"failed\"} 3",
        "marketplace_notifications_total{channel=\"webhook\",state=\"delivered\"} 1",
        "marketplace_notifications_total{channel=\"webhook\",state=\"dead\"} 1",
        "alerts_open{board=\"marketplace\",kind=\"notify.endpoint_failing\"} 2",
    ] {
        assert!(page.lines().any(|l| l == line), "no `{line}` in\n{page}");
    }
    assert_eq!(
        config().metric_prefix,
        NotifyConfig::default().metric_prefix
    );
}

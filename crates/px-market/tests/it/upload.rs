//! Resumable uploads.

use base64::Engine as _;
use futures::{StreamExt, stream};
use px_market::app::checksum::Checksum;
use px_market::app::upload::WriteAt;
use px_model::VersionState;
use sha2::Digest as _;

use crate::world::{World, code, on_every_engine, request, upload_of};

const NOTES: &str = "com.example.notes";

#[tokio::test]
async fn an_upload_goes_on_where_it_was_cut() {
    on_every_engine(async |w| {
        let ada = w.publisher("ada").await;
        let bytes = b"0123456789";
        let a = w
            .market
            .publish(&ada, &request("1", NOTES, "1.0.0", bytes))
            .await
            .unwrap();
        let upload = upload_of(&a);
        let cut = stream::iter([
            Ok(bytes::Bytes::from_static(b"0123")),
            Err(std::io::Error::other("connection reset")),
        ]);
        let at = WriteAt::Offset(0, None);
        assert_eq!(
            code(w.market.write_upload(&ada, upload, at, cut).await),
            "PX-0214"
        );
        assert_eq!(w.market.upload_info(&ada, upload).await.unwrap().offset, 4);

        let wrong = w
            .write(&ada, upload, WriteAt::Offset(2, None), b"23")
            .await
            .unwrap_err()
            .problem();
        assert_eq!(
            (wrong.status, wrong.current.unwrap()["offset"].as_u64()),
            (409, Some(4))
        );
        assert_eq!(
            code(w.market.submit_review(&ada, a.version_id).await),
            "PX-0206"
        );

        let info = w
            .write(&ada, upload, WriteAt::Offset(4, None), b"456789")
            .await
            .unwrap();
        assert_eq!(info.offset, 10);
        let view = w.market.submit_review(&ada, a.version_id).await.unwrap();
        assert_eq!(view.state, VersionState::Submitted);
        let again = w.market.submit_review(&ada, a.version_id).await.unwrap();
        assert_eq!(again.timeline.len(), view.timeline.len());
        let late = w.write(&ada, upload, WriteAt::Start, bytes).await;
        assert_eq!(code(late), "PX-0205");
    })
    .await;
}

#[tokio::test]
async fn too_much_or_damaged_bytes_are_not_kept() {
    let w = World::new(None, |_| {}).await;
    let ada = w.publisher("ada").await;
    let a = w
        .market
        .publish(&ada, &request("1", NOTES, "1.0.0", b"0123456789"))
        .await
        .unwrap();
    let upload = upload_of(&a);
    w.write(&ada, upload, WriteAt::Offset(0, None), b"01")
        .await
        .unwrap();
    let long = w
        .write(&ada, upload, WriteAt::Offset(2, None), b"23456789 and more")
        .await;
    assert_eq!(code(long), "PX-0006");
    let sum = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(b"2345"));
    let sum = Checksum::parse(&format!("sha256 {sum}"));
    let damaged = w
        .write(&ada, upload, WriteAt::Offset(2, sum.clone()), b"2x45")
        .await;
    assert_eq!(code(damaged), "PX-0209");
    assert_eq!(w.market.upload_info(&ada, upload).await.unwrap().offset, 2);
    let whole = w
        .write(&ada, upload, WriteAt::Offset(2, sum), b"2345")
        .await
        .unwrap();
    assert_eq!(whole.offset, 6);
}

#[tokio::test]
async fn a_second_connection_takes_over_from_a_silent_one() {
    let w = World::new(None, |_| {}).await;
    let ada = w.publisher("ada").await;
    let a = w
        .market
        .publish(&ada, &request("1", NOTES, "1.0.0", b"0123456789"))
        .await
        .unwrap();
    let upload = upload_of(&a);
    let (market, auth) = (w.market.clone(), ada.clone());
    let silent = tokio::spawn(async move {
        let first = stream::iter([Ok::<_, std::io::Error>(bytes::Bytes::from_static(b"012"))]);
        let body = first.chain(stream::pending());
        market
            .write_upload(&auth, upload, WriteAt::Offset(0, None), body)
            .await
    });
    while w.market.upload_info(&ada, upload).await.unwrap().offset < 3 {
        tokio::task::yield_now().await;
    }
    let info = w
        .write(&ada, upload, WriteAt::Offset(3, None), b"3456789")
        .await
        .unwrap();
    assert_eq!(info.offset, 10);
    assert_eq!(code(silent.await.unwrap()), "PX-0214");
}

#[tokio::test]
async fn an_upload_is_its_publishers_only_and_can_be_dropped_and_made_anew() {
    on_every_engine(async |w| {
        let (ada, bob) = (w.publisher("ada").await, w.publisher("bob").await);
        let a = w
            .market
            .publish(&ada, &request("1", NOTES, "1.0.0", b"0123456789"))
            .await
            .unwrap();
        let upload = upload_of(&a);
        w.write(&ada, upload, WriteAt::Offset(0, None), b"01")
            .await
            .unwrap();
        assert_eq!(code(w.market.upload_info(&bob, upload).await), "PX-0003");
        assert_eq!(
            code(w.write(&bob, upload, WriteAt::Start, b"0").await),
            "PX-0003"
        );
        assert_eq!(
            code(w.market.terminate_upload(&bob, upload).await),
            "PX-0003"
        );

        w.market.terminate_upload(&ada, upload).await.unwrap();
        assert_eq!(code(w.market.upload_info(&ada, upload).await), "PX-0003");
        let left = std::fs::read_dir(w.data().join("uploads")).unwrap();
        assert!(
            left.flatten()
                .all(|f| f.path().extension().is_none_or(|e| e != "part"))
        );
        assert_eq!(
            code(w.market.create_upload(&ada, a.version_id, 9).await),
            "PX-0208"
        );
        let fresh = w
            .market
            .create_upload(&ada, a.version_id, 10)
            .await
            .unwrap();
        w.write(&ada, fresh.upload, WriteAt::Start, b"0123456789")
            .await
            .unwrap();
        w.market.submit_review(&ada, a.version_id).await.unwrap();
    })
    .await;
}

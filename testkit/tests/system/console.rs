//! The console in a real browser.

use std::{fs, time::Duration};

use beanpole_protocol::api::DeploymentPolicy;
use beanpole_testkit::{World, apps, browser::Browser, eventually, world::options};
use fantoccini::{Locator, error::CmdError};

#[tokio::test(flavor = "multi_thread")]
async fn sign_in_by_link_upload_deploy_and_watch_it_live() -> Result<(), CmdError> {
    let world = World::start("sign_in_by_link_upload_deploy_and_watch_it_live").await;
    world
        .launch("shop", apps::web("v1"), options(2, DeploymentPolicy::Rolling))
        .await;
    let link = world.up_command(&["login-link"]);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let bundle = folder.path().join("shop.zip");
    fs::write(&bundle, apps::web("v2")).expect("the bundle is written");

    let browser = Browser::start().await;
    let page = &browser.page;
    // The session belongs to the host name that the link has.
    let console = link.split("/login").next().expect("a URL").to_owned();

    // A stranger is sent to the sign-in page; the link signs in once.
    page.goto(&format!("{console}/environments/shop")).await?;
    assert!(page.current_url().await?.path().starts_with("/login"));
    page.goto(&link).await?;
    page.wait()
        .for_element(Locator::Css("form[action='/login/code'] button"))
        .await?
        .click()
        .await?;
    page.wait()
        .for_element(Locator::Css("a[href='/environments/shop']"))
        .await?;

    page.goto(&format!("{console}/environments/shop/deploy")).await?;
    let form = page
        .wait()
        .for_element(Locator::Css("form[enctype='multipart/form-data']"))
        .await?;
    form.find(Locator::Css("input[name='label']"))
        .await?
        .send_keys("from-the-browser")
        .await?;
    form.find(Locator::Css("input[type='file']"))
        .await?
        .send_keys(&bundle.to_string_lossy())
        .await?;
    form.find(Locator::Css("button")).await?.click().await?;

    // The page follows the deployment by itself, without a reload.
    eventually(
        "the page shows the events and the new version",
        Duration::from_secs(90),
        || async {
            let text = page.find(Locator::Css("body")).await.ok()?.text().await.ok()?;
            let live = page.find(Locator::Css("#live")).await.ok()?.text().await.ok()?;
            (text.contains("Environment update completed successfully.") && live.contains("from-the-browser"))
                .then_some(())
        },
    )
    .await;
    assert_eq!(
        world.get("shop", "/").await.expect("the edge answers"),
        (200, "v2".to_owned())
    );

    // Used up.
    page.delete_all_cookies().await?;
    page.goto(&link).await?;
    page.wait()
        .for_element(Locator::Css("form[action='/login/code'] button"))
        .await?
        .click()
        .await?;
    eventually("the link is refused", Duration::from_secs(30), || async {
        let text = page.find(Locator::Css("body")).await.ok()?.text().await.ok()?;
        (page.current_url().await.ok()?.path() == "/login/code" && text.contains("Sign in")).then_some(())
    })
    .await;
    browser.stop().await;
    Ok(())
}

use super::*;
use crate::{layers::Manifest, testing};

const CONFIG: &str = r#"{"runtimeOptions":{"tfm":"netcoreapp3.1","framework":{"name":"Microsoft.AspNetCore.App","version":"3.1.0"}}}"#;
const WEB: &str = r#"<Project Sdk="Microsoft.NET.Sdk.Web"><PropertyGroup><TargetFramework>netcoreapp3.1</TargetFramework></PropertyGroup></Project>"#;
const LIBRARY: &str = r#"<Project Sdk="Microsoft.NET.Sdk"></Project>"#;

fn planned(files: &[(&str, &str)]) -> Result<Layers, PlanError> {
    testing::layers(plan, files)
}

#[test]
fn a_published_site_runs_as_it_is() {
    let layers = planned(&[("Shop.runtimeconfig.json", CONFIG), ("Shop.dll", "")]).unwrap();
    assert_eq!(
        layers.processes[0].argv,
        ["/opt/beanpole/start", "dotnet", "Shop.dll"]
    );
    assert_eq!((layers.apart, layers.install, layers.compile), (None, None, None));
}

#[test]
fn a_program_with_its_runtime_inside_may_be_of_any_version() {
    let included =
        r#"{"runtimeOptions":{"includedFrameworks":[{"name":"Microsoft.NETCore.App","version":"8.0.1"}]}}"#;
    let layers = planned(&[
        ("Shop.runtimeconfig.json", included),
        ("Shop", ""),
        ("Shop.dll", ""),
    ])
    .unwrap();
    assert_eq!(layers.processes[0].argv[1..], ["./Shop"]);
    assert_eq!(
        layers.compile.unwrap(),
        "{ [ -x './Shop' ] || chmod a+x './Shop'; }"
    );
}

#[test]
fn a_program_for_another_runtime_is_refused() {
    for (version, roll, fits) in [
        ("3.1.0", "", true),
        ("3.0.3", "", true),
        ("2.1.0", "", false),
        ("2.1.0", r#","rollForward":"Major""#, true),
        ("8.0.0", "", false),
        ("8.0.0", r#","rollForward":"LatestMajor""#, false),
    ] {
        let config = format!(
            r#"{{"runtimeOptions":{{"frameworks":[{{"name":"Microsoft.NETCore.App","version":"{version}"}}]{roll}}}}}"#
        );
        for procfile in [None, Some(("Procfile", "web: dotnet ./Shop.dll"))] {
            let files: Vec<_> = [("Shop.runtimeconfig.json", config.as_str())]
                .into_iter()
                .chain(procfile)
                .collect();
            let planned = planned(&files);
            assert_eq!(planned.is_ok(), fits, "{version} {roll}: {planned:?}");
            if let Err(error) = planned {
                assert!(error.to_string().contains("--self-contained"), "{error}");
            }
        }
    }
}

#[test]
fn several_programs_need_a_procfile() {
    let two = [
        ("api/Api.runtimeconfig.json", CONFIG),
        ("shop/Shop.runtimeconfig.json", CONFIG),
    ];
    let error = planned(&two).unwrap_err().to_string();
    assert!(error.contains("api/Api, shop/Shop"), "{error}");
    let procfile = "api: dotnet api/Api.dll\nweb: dotnet shop/Shop.dll";
    let layers = planned(&[two[0], two[1], ("Procfile", procfile)]).unwrap();
    let words: Vec<_> = layers
        .processes
        .iter()
        .map(|process| process.argv.join(" "))
        .collect();
    assert_eq!(
        words,
        [
            "/opt/beanpole/start /bin/sh -c exec dotnet shop/Shop.dll",
            "/opt/beanpole/start /bin/sh -c exec dotnet api/Api.dll",
        ]
    );
}

#[test]
fn a_project_is_published_in_the_builder() {
    let layers = planned(&[
        ("Shop.csproj", WEB),
        ("Program.cs", ""),
        ("bin/Debug/netcoreapp3.1/Shop.runtimeconfig.json", CONFIG),
    ])
    .unwrap();
    assert_eq!(layers.manifest, Manifest::Files(vec!["Shop.csproj".to_owned()]));
    assert_eq!(layers.install.unwrap(), "dotnet restore 'Shop.csproj'");
    assert_eq!(
        layers.compile.unwrap(),
        "/opt/beanpole/publish 'Shop.csproj' 'Shop'"
    );
    assert_eq!(layers.apart, Some(Apart::default()));
    assert_eq!(layers.processes[0].argv[1..], ["dotnet", "Shop.dll"]);
}

#[test]
fn the_web_project_of_a_solution_is_the_one() {
    let files = [
        ("Shop.sln", ""),
        ("web/Shop.csproj", WEB),
        ("lib/Lib.csproj", LIBRARY),
    ];
    let layers = planned(&files).unwrap();
    assert_eq!(layers.install.unwrap(), "dotnet restore 'web/Shop.csproj'");
    let with_packages = [files[0], files[1], ("packages/A.1.0.0.nupkg", "")];
    assert_eq!(planned(&with_packages).unwrap().manifest, Manifest::WholeSource);
}

#[test]
fn what_cannot_be_run_or_built_is_said() {
    let newer = WEB.replace("netcoreapp3.1", "net8.0");
    for (files, words) in [
        (&[("README.md", "")][..], "nothing to run"),
        (
            &[("out/Shop.runtimeconfig.json", CONFIG)],
            "web: dotnet out/Shop.dll",
        ),
        (&[("Shop.runtimeconfig.json", "{")], "publish again"),
        (
            &[("Shop.sln", ""), ("lib/Lib.csproj", LIBRARY)],
            "Shop.sln has no project",
        ),
        (
            &[("Shop.sln", ""), ("a/A.csproj", WEB), ("b/B.csproj", WEB)],
            "a/A.csproj, b/B.csproj",
        ),
        (&[("Shop.csproj", &newer)], "targets net8.0"),
    ] {
        let error = planned(files).unwrap_err().to_string();
        assert!(error.contains(words), "{files:?}: {error}");
    }
}

//! What a build leaves to instances, and the scripts that they run then.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod common;

use std::{fs, path::Path};

use beanpole_ebextensions::{Step, Target, build_steps, late_step_names, late_steps, parse};
use common::{Here, Sweden, ended, folder};

#[test]
fn what_differs_between_environments_is_left_to_instances() {
    let (_guard, at) = folder();
    let text = format!(
        r#"packages: {{apt: {{jq: []}}}}
files:
  {at}/same: {{content: 'in `{{"Ref": "AWS::Region"}}`'}}
  {at}/name: {{mode: "000600", content: 'for `{{"Ref": "AWSEBEnvironmentName"}}`'}}
  {at}/stage: {{content: {{"Fn::GetOptionSetting": {{OptionName: STAGE, DefaultValue: x}}}}}}
commands: {{copy: {{command: 'cat {at}/name {at}/stage > {at}/both'}}}}
"#
    );
    let files = [
        (".ebextensions/a.config", text.as_str()),
        (
            ".ebextensions/b.config",
            "commands: {1: {command: 'true'}, 2: {command: !Ref AWSEBEnvironmentName}, 3: {command: 'true'}}",
        ),
        (
            ".ebextensions/c.config",
            "sources: {/s: !Sub 'http://a/${AWS::StackName}'}\nfiles: {/f: {content: x}}",
        ),
    ];
    let parsed = parse(&files);
    assert_eq!(parsed.findings, []);
    let config = parsed.config;
    let named = |steps: &[Step]| {
        let names = steps
            .iter()
            .map(|step| format!("{} {}", &step.file[14..], step.key));
        names.collect::<Vec<_>>()
    };
    let build = build_steps(&config, &Target { lookup: &Sweden }).unwrap();
    assert_eq!(
        named(&build),
        ["a.config packages", "a.config files", "b.config commands"]
    );
    assert_eq!(build[1].description, format!("write {at}/same"));
    assert_eq!(build[2].description, "run 1");
    let late = late_steps(&config, &Sweden, &Here).unwrap();
    let names = [
        "a.config files",
        "a.config commands",
        "b.config commands",
        "c.config sources",
        "c.config files",
    ];
    assert_eq!(named(&late), names);
    assert_eq!(late[2].description, "run 2, 3");
    let known = late_step_names(&config, &Sweden);
    let known: Vec<_> = known
        .iter()
        .map(|(file, key)| format!("{} {key}", &file[14..]))
        .collect();
    assert_eq!(known, names);
    for step in &late[..2] {
        assert_eq!(ended(&step.script, None).0, 0);
    }
    assert_eq!(
        fs::read_to_string(format!("{at}/both")).unwrap(),
        "for shop-livelive"
    );
    assert!(!Path::new(&format!("{at}/same")).exists());
    // Where an environment is known, nothing is late.
    assert_eq!(late_steps(&config, &Here, &Here).unwrap(), []);
}

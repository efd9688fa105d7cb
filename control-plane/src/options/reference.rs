//! `docs/options.md`, made from the catalogue. A test holds the file to it; `BLESS=1` writes it.

use std::fmt::Write as _;

use super::{
    catalogue::{CATALOGUE, PROPERTIES},
    properties::{MAX_KEY, MAX_TOTAL, MAX_VALUE},
    values::Values,
};

fn valid(values: &Values) -> String {
    match values {
        Values::OneOf(words) => words.join(", "),
        Values::Whole { min, max } => format!("{min} to {max}"),
        Values::Switch => "true, false".to_owned(),
        Values::Path => "a path".to_owned(),
        Values::Codes => "status codes from 200 to 499: `200`, `200,301`, `200-299`".to_owned(),
        Values::HealthUrl => "a path, `HTTP:80/path` or `TCP:80`".to_owned(),
        Values::WsgiPath => "`module` or `module:callable`".to_owned(),
        Values::ProxyPort => "80".to_owned(),
        Values::Text => "text".to_owned(),
        Values::PhpSize => "an amount of memory such as `256M`".to_owned(),
        Values::JavaSize => "an amount of memory such as `256m`".to_owned(),
    }
}

fn markdown() -> String {
    let mut text = "# Options of environments\n\n\
        Set with `bp create`, `bp config`, `bp setenv`, `bp scale` or the API. Names, defaults and limits are \
        Elastic Beanstalk's; the namespaces that begin with `beanpole:` are Beanpole's own. An option that is \
        not listed is refused by name, also when Elastic Beanstalk has it.\n\n\
        An option marked with * reaches instances: a change of it is rolled out as a deployment. All others \
        hold at once.\n"
        .to_owned();
    let mut namespace = "";
    for known in CATALOGUE {
        if known.namespace != namespace {
            namespace = known.namespace;
            let _ = write!(
                text,
                "\n## `{namespace}`\n\n| option | default | values | acts in |\n|---|---|---|---|\n"
            );
        }
        let star = if super::set::reaches_instances(known.namespace, known.name) {
            " *"
        } else {
            ""
        };
        let default = if known.default.is_empty() {
            "not set"
        } else {
            known.default
        };
        let _ = writeln!(
            text,
            "| `{}`{star} | {default} | {} | {} |",
            known.name,
            valid(&known.values),
            known.read_by
        );
    }
    let _ = write!(
        text,
        "\n## `{PROPERTIES}` *\n\n\
         Environment properties: the app's environment variables. Names have 1 to {MAX_KEY} letters, digits and \
         `_ . : / + - @`; a value has at most {} KiB, all names and values together {} KiB (Elastic Beanstalk: \
         4 KiB). Values are kept encrypted and shown to deployers and admins only.\n",
        MAX_VALUE / 1024,
        MAX_TOTAL / 1024
    );
    text
}

#[test]
fn the_reference_in_docs_is_that_of_the_catalogue() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/options.md");
    let made = markdown();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, &made).unwrap();
    }
    let there = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        there == made,
        "docs/options.md is out of date: run the tests with BLESS=1"
    );
}

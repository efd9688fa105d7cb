use proptest::prelude::*;
use serde_json::json;

use super::{read::Notice, *};

fn tree(text: &str) -> (serde_json::Value, Vec<Notice>) {
    let mut notices = Vec::new();
    let node = read(text.as_bytes(), &mut notices).unwrap().unwrap();
    (node.json(), notices)
}

fn error(text: &str) -> String {
    let error = read(text.as_bytes(), &mut Vec::new()).unwrap_err();
    format!("{}:{}: {}", error.at.line, error.at.column, error.message)
}

#[test]
fn keys_and_values_know_their_place() {
    let node = read(b"# x\ncommands:\n  a: {command: \"b\"}\n", &mut Vec::new())
        .unwrap()
        .unwrap();
    let Value::Map(top) = node.value else { panic!() };
    assert_eq!((top[0].at.line, top[0].at.column), (2, 1));
    let Value::Map(inner) = &top[0].value.value else {
        panic!()
    };
    assert_eq!((inner[0].at.line, inner[0].at.column), (3, 3));
    let Value::Map(command) = &inner[0].value.value else {
        panic!()
    };
    assert_eq!((command[0].value.at.line, command[0].value.at.column), (3, 16));
}

#[test]
fn aliases_merge_keys_tags_and_json_are_read() {
    let (value, notices) = tree(
        "base: &b {a: 1, c: yes}\nother:\n  <<: *b\n  a: 2\nref: !Ref X\njoin: !Join ['', [!Ref A, b]]\nmode: 000755\n",
    );
    assert!(notices.is_empty());
    assert_eq!(
        value,
        json!({
            "base": {"a": 1, "c": true},
            "other": {"a": 2, "c": true},
            "ref": {"Ref": "X"},
            "join": {"Fn::Join": ["", [{"Ref": "A"}, "b"]]},
            "mode": "000755",
        })
    );
    let (value, _) = tree("{\n\t\"a\": \"\\ud83d\\ude00 \\/\",\n\t\"b\": [true, null, 1.5]\n}");
    assert_eq!(value, json!({"a": "😀 /", "b": [true, null, 1.5]}));
}

#[test]
fn the_last_of_two_equal_keys_counts() {
    let (value, notices) = tree("a: 1\nb: 2\na: 3\n");
    assert_eq!(value, json!({"a": 3, "b": 2}));
    assert_eq!(notices[0].at.line, 3);
    assert!(notices[0].message.contains("first on line 1"));
}

#[test]
fn nothing_is_nothing() {
    for text in ["", "# only\n\n# comments", "\u{feff}", "---\n", "~"] {
        assert!(
            read(text.as_bytes(), &mut Vec::new()).unwrap().is_none(),
            "{text:?}"
        );
    }
}

#[test]
fn what_is_no_use_is_refused_with_its_place() {
    for (text, words) in [
        ("a: b: c", "1:"),
        ("a:\n\t- b", "2:"),
        ("? [a, b]\n: c", "1:3: a key must be text"),
        ("a: &x [*x]", "1:8: an alias cannot"),
        ("a: 1\n---\nb: 2", "2:1: a second document"),
        ("<<: 3", "takes a map"),
        ("a: *nowhere", "1:4"),
    ] {
        assert!(error(text).contains(words), "{text:?}: {}", error(text));
    }
    let bad = read(b"a: b\nc: \xff", &mut Vec::new()).unwrap_err();
    assert_eq!((bad.at.line, bad.at.column), (2, 4));
}

#[test]
fn bombs_are_refused_at_once() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let list = vec![format!("*a{}", level - 1); 9].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{list}]\n"));
    }
    assert!(error(&bomb).contains("too much"));
    assert!(error(&"[".repeat(5000)).contains("nest") || !error(&"[".repeat(5000)).is_empty());
    let deep: String = (0..200).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
    assert!(!error(&deep).is_empty());
    let mut chain = "a0: &a0 [x]\n".to_owned();
    for level in 1..80 {
        chain.push_str(&format!("a{level}: &a{level} [*a{}]\n", level - 1));
    }
    assert!(error(&chain).contains("deep"));
}

proptest! {
    #[test]
    fn any_bytes_give_a_tree_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&bytes, &mut Vec::new());
    }

    #[test]
    fn any_yaml_like_text_gives_a_tree_or_an_error(text in "[a-c&*<:!~'\"{}\\[\\],|> \n\t0-9#-]{0,200}") {
        if let Ok(Some(node)) = read(text.as_bytes(), &mut Vec::new()) {
            let _ = node.json();
        }
    }
}

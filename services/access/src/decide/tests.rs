use std::collections::BTreeMap;

use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::json;

use super::*;

const OURS: &str = "000000000001";
const OTHER: &str = "000000000002";
const QUEUE: &str = "arn:aws:sqs:us-east-1:000000000001:jobs";

fn caller(account: &str, principal: Principal, policies: &[&str]) -> Caller {
    Caller {
        principal,
        policies: policies
            .iter()
            .map(|text| Policy::identity(text).unwrap())
            .collect(),
        ..Caller::anonymous(account.parse().unwrap())
    }
}

fn user(account: &str, policies: &[&str]) -> Caller {
    caller(
        account,
        Principal::User {
            name: "ann".to_owned(),
        },
        policies,
    )
}

fn environment(policies: &[&str]) -> Caller {
    let principal = Principal::Environment {
        environment: "e-1".to_owned(),
        application: "shop".to_owned(),
    };
    caller(OURS, principal, policies)
}

fn decide(caller: &Caller, action: &str, application: Option<&str>, policy: Option<&str>) -> Decision {
    let context = BTreeMap::from([("aws:sourceip".to_owned(), vec!["10.1.2.3".to_owned()])]);
    let policy = policy.map(|text| Policy::resource(text).unwrap());
    authorize(
        caller,
        &Ask {
            action,
            resource: &Arn(QUEUE.to_owned()),
            owner: &OURS.parse().unwrap(),
            application,
            policy: policy.as_ref(),
            context: &context,
        },
    )
}

const ALLOW_ALL: &str = r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
const DENY_SEND: &str = r#"{"Statement":{"Effect":"Deny","Action":"sqs:Send*","Resource":"*"}}"#;
const READ: &str = r#"{"Statement":{"Effect":"Allow","Action":["sqs:Get*","sqs:List*"],"Resource":"*"}}"#;

fn to(principal: serde_json::Value) -> String {
    json!({"Statement": {"Effect": "Allow", "Principal": principal, "Action": "sqs:*", "Resource": QUEUE}})
        .to_string()
}

#[test]
fn within_an_account_either_side_may_allow() {
    use Decision::*;
    let ann = json!({"AWS": "arn:aws:iam::000000000001:user/ann"});
    for (policies, resource, decision) in [
        (vec![], None, NotAllowed),
        (vec![ALLOW_ALL], None, Allowed),
        (vec![READ], None, NotAllowed),
        (vec![], Some(to(ann.clone())), Allowed),
        (vec![], Some(to(json!("*"))), Allowed),
        (
            vec![],
            Some(to(json!({"AWS": "arn:aws:iam::000000000001:user/bob"}))),
            NotAllowed,
        ),
        // The account as a principal leaves it to the account's own policies.
        (vec![], Some(to(json!({"AWS": OURS}))), NotAllowed),
        (vec![DENY_SEND], Some(to(ann)), ExplicitlyDenied),
        (vec![ALLOW_ALL, DENY_SEND], None, ExplicitlyDenied),
    ] {
        let found = decide(
            &user(OURS, &policies),
            "sqs:SendMessage",
            None,
            resource.as_deref(),
        );
        assert_eq!(found, decision, "{policies:?} {resource:?}");
    }
    assert_eq!(
        decide(&user(OURS, &[READ]), "SQS:getQueueUrl", None, None),
        Allowed
    );
}

#[test]
fn across_accounts_both_sides_have_to_allow() {
    use Decision::*;
    for (policies, resource, decision) in [
        (vec![ALLOW_ALL], None, NotAllowed),
        (vec![], Some(to(json!({"AWS": OTHER}))), NotAllowed),
        (vec![], Some(to(json!("*"))), NotAllowed),
        (vec![ALLOW_ALL], Some(to(json!({"AWS": OTHER}))), Allowed),
        (
            vec![ALLOW_ALL],
            Some(to(json!({"AWS": "arn:aws:iam::000000000002:root"}))),
            Allowed,
        ),
        (vec![ALLOW_ALL], Some(to(json!("*"))), Allowed),
        (vec![ALLOW_ALL], Some(to(json!({"AWS": OURS}))), NotAllowed),
        (vec![ALLOW_ALL, DENY_SEND], Some(to(json!("*"))), ExplicitlyDenied),
    ] {
        let found = decide(
            &user(OTHER, &policies),
            "sqs:SendMessage",
            None,
            resource.as_deref(),
        );
        assert_eq!(found, decision, "{policies:?} {resource:?}");
    }
}

#[test]
fn the_owners_root_may_do_all_and_can_take_a_lock_back() {
    let root = caller(OURS, Principal::Root, &[]);
    assert_eq!(decide(&root, "sqs:SendMessage", None, None), Decision::Allowed);
    let locked = json!({"Statement": {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}});
    let locked = Some(locked.to_string());
    let found = |action| decide(&root, action, None, locked.as_deref());
    assert_eq!(found("sqs:SendMessage"), Decision::ExplicitlyDenied);
    assert_eq!(found("sqs:SetQueueAttributes"), Decision::Allowed);
    let stranger = caller(OTHER, Principal::Root, &[]);
    assert_eq!(
        decide(&stranger, "sqs:SendMessage", None, None),
        Decision::NotAllowed
    );
}

#[test]
fn an_environment_may_use_what_its_application_owns() {
    use Decision::*;
    let send = "sqs:SendMessage";
    assert_eq!(decide(&environment(&[]), send, Some("shop"), None), Allowed);
    assert_eq!(decide(&environment(&[]), send, Some("blog"), None), NotAllowed);
    assert_eq!(decide(&environment(&[]), send, None, None), NotAllowed);
    assert_eq!(
        decide(&environment(&[DENY_SEND]), send, Some("shop"), None),
        ExplicitlyDenied
    );
    assert_eq!(
        decide(&environment(&[ALLOW_ALL]), send, Some("blog"), None),
        Allowed
    );
    for principal in [
        "arn:aws:sts::000000000001:assumed-role/beanpole-environment/e-1",
        "arn:aws:iam::000000000001:role/beanpole-environment",
    ] {
        let policy = to(json!({"AWS": principal}));
        assert_eq!(
            decide(&environment(&[]), send, Some("blog"), Some(&policy)),
            Allowed
        );
    }
    let other = to(json!({"AWS": "arn:aws:sts::000000000001:assumed-role/beanpole-environment/e-2"}));
    assert_eq!(
        decide(&environment(&[]), send, Some("blog"), Some(&other)),
        NotAllowed
    );
}

#[test]
fn a_session_policy_narrows_and_never_widens() {
    use Decision::*;
    let narrowed = |mut caller: Caller| {
        caller.session = [Policy::identity(READ).unwrap()].into();
        caller
    };
    let all = narrowed(user(OURS, &[ALLOW_ALL]));
    assert_eq!(decide(&all, "sqs:GetQueueUrl", None, None), Allowed);
    assert_eq!(decide(&all, "sqs:SendMessage", None, None), NotAllowed);
    assert_eq!(
        decide(&all, "sqs:SendMessage", None, Some(&to(json!("*")))),
        NotAllowed
    );
    assert_eq!(
        decide(&narrowed(user(OURS, &[])), "sqs:GetQueueUrl", None, None),
        NotAllowed
    );
    let shop = narrowed(environment(&[]));
    assert_eq!(decide(&shop, "sqs:SendMessage", Some("shop"), None), NotAllowed);
    assert_eq!(decide(&shop, "sqs:GetQueueUrl", Some("shop"), None), Allowed);
}

#[test]
fn nobody_and_services_come_in_by_resource_policies_only() {
    use Decision::*;
    let nobody = Caller::anonymous(OURS.parse().unwrap());
    let sns = caller(
        OURS,
        Principal::Service {
            name: "sns.amazonaws.com".to_owned(),
        },
        &[],
    );
    let send =
        |caller: &Caller, policy: Option<String>| decide(caller, "sqs:SendMessage", None, policy.as_deref());
    for caller in [&nobody, &sns] {
        assert_eq!(send(caller, None), NotAllowed);
        assert_eq!(send(caller, Some(to(json!("*")))), Allowed);
        assert_eq!(send(caller, Some(to(json!({"AWS": "*"})))), Allowed);
        assert_eq!(send(caller, Some(to(json!({"AWS": OURS})))), NotAllowed);
    }
    let topics = to(json!({"Service": "sns.amazonaws.com"}));
    assert_eq!(send(&sns, Some(topics.clone())), Allowed);
    assert_eq!(send(&nobody, Some(topics)), NotAllowed);
}

#[test]
fn refusals_say_who_what_and_why() {
    let ann = user(OURS, &[]);
    let (arn, owner, context) = (Arn(QUEUE.to_owned()), OURS.parse().unwrap(), BTreeMap::new());
    let ask = Ask {
        action: "sqs:SendMessage",
        resource: &arn,
        owner: &owner,
        application: None,
        policy: None,
        context: &context,
    };
    let text = authorize(&ann, &ask).refusal(&ann, &ask).unwrap();
    assert_eq!(
        text,
        format!(
            "User: arn:aws:iam::{OURS}:user/ann is not authorized to perform: sqs:SendMessage on resource: \
             {QUEUE} because no policy allows it"
        )
    );
}

/// A statement of a resource's or, without principal, of an identity's policy.
fn statements(principal: bool) -> impl Strategy<Value = Vec<serde_json::Value>> {
    let one = (
        select(vec!["Allow", "Allow", "Deny"]),
        select(vec!["*", "sqs:*", "sqs:Send*", "sqs:GetQueueUrl"]),
        select(vec!["Action", "NotAction"]),
        select(vec!["*", QUEUE, "arn:aws:sqs:*:*:other"]),
        select(vec![
            json!("*"),
            json!({"AWS": OURS}),
            json!({"AWS": OTHER}),
            json!({"AWS": "arn:aws:iam::000000000001:user/ann"}),
            json!({"AWS": "arn:aws:iam::000000000001:user/bob"}),
        ]),
        select(vec![
            json!({}),
            json!({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
            json!({"StringNotLike": {"aws:username": "a*"}}),
        ]),
    );
    let one = one.prop_map(move |(effect, action, element, resource, who, condition)| {
        let mut statement = json!({"Effect": effect, "Resource": resource, "Condition": condition});
        statement[element] = action.into();
        if principal {
            statement["Principal"] = who;
        }
        statement
    });
    vec(one, 1..5)
}

fn document(statements: &[serde_json::Value]) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

fn callers() -> impl Strategy<Value = (String, Principal)> {
    let principals = vec![
        Principal::User {
            name: "ann".to_owned(),
        },
        Principal::Root,
        Principal::Environment {
            environment: "e-1".to_owned(),
            application: "shop".to_owned(),
        },
        Principal::Anonymous,
    ];
    (
        select(vec![OURS.to_owned(), OTHER.to_owned()]),
        select(principals),
    )
}

proptest! {
    #[test]
    fn deny_wins_whatever_else_is_said(
        (account, principal) in callers(),
        identity in statements(false),
        mut resource in statements(true),
    ) {
        let caller = caller(&account, principal, &[&document(&identity)]);
        resource.push(json!({"Effect": "Deny", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}));
        let found = decide(&caller, "sqs:SendMessage", Some("shop"), Some(&document(&resource)));
        prop_assert_eq!(found, Decision::ExplicitlyDenied);
    }

    #[test]
    fn the_order_of_statements_never_matters(
        (account, principal) in callers(),
        mut identity in statements(false),
        mut resource in statements(true),
        turn in 0_usize..4,
    ) {
        let decide = |identity: &[_], resource: &[_]| {
            let caller = caller(&account, principal.clone(), &[&document(identity)]);
            decide(&caller, "sqs:SendMessage", Some("shop"), Some(&document(resource)))
        };
        let before = decide(&identity, &resource);
        let (a, b) = (turn % identity.len(), turn % resource.len());
        identity.rotate_left(a);
        resource.rotate_left(b);
        prop_assert_eq!(&before, &decide(&identity, &resource));
        identity.reverse();
        resource.reverse();
        prop_assert_eq!(before, decide(&identity, &resource));
    }

    #[test]
    fn one_more_allow_never_takes_away(
        (account, principal) in callers(),
        identity in statements(false),
        resource in statements(true),
        more in statements(true),
    ) {
        let caller = caller(&account, principal, &[&document(&identity)]);
        let before = decide(&caller, "sqs:SendMessage", Some("shop"), Some(&document(&resource)));
        let allows = more.into_iter().filter(|one| one["Effect"] == "Allow");
        let wider: Vec<_> = resource.into_iter().chain(allows).collect();
        let after = decide(&caller, "sqs:SendMessage", Some("shop"), Some(&document(&wider)));
        prop_assert!(before != Decision::Allowed || after == Decision::Allowed);
        prop_assert_eq!(before == Decision::ExplicitlyDenied, after == Decision::ExplicitlyDenied);
    }

    #[test]
    fn a_policy_written_and_read_again_is_the_same(resource in statements(true)) {
        let policy = Policy::parse(&document(&resource)).unwrap();
        prop_assert_eq!(Policy::parse(&policy.to_string()).unwrap(), policy);
    }
}

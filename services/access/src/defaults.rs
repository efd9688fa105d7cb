//! What people may do at AWS's services by their role on the platform, before policies are attached.

use std::sync::LazyLock;

use crate::{Policy, PolicyError};

const ADMIN: &str =
    r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
const DEPLOYER: &str = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow",
  "Action": ["sqs:*", "sns:*", "kinesis:*", "sts:*"], "Resource": "*"}}"#;
const VIEWER: &str = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow",
  "Action": ["sqs:Get*", "sqs:List*", "sns:Get*", "sns:List*", "kinesis:Get*", "kinesis:List*",
             "sts:Get*", "sts:List*"], "Resource": "*"}}"#;

static PARSED: LazyLock<Result<[Policy; 3], PolicyError>> = LazyLock::new(|| {
    Ok([
        Policy::identity(ADMIN)?,
        Policy::identity(DEPLOYER)?,
        Policy::identity(VIEWER)?,
    ])
});

/// The policy of `admin`, `deployer` or `viewer`. A role that is not known may nothing.
pub(crate) fn of_role(role: &str) -> Option<&'static Policy> {
    let [admin, deployer, viewer] = PARSED.as_ref().ok()?;
    match role {
        "admin" => Some(admin),
        "deployer" => Some(deployer),
        "viewer" => Some(viewer),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{Arn, Ask, Caller, Decision, Principal, authorize};

    #[test]
    fn roles_of_the_platform_may_what_their_names_promise() {
        let account = "000000000000".parse().unwrap();
        let may = |role: &str, action: &str| {
            let caller = Caller {
                principal: Principal::User {
                    name: "ann".to_owned(),
                },
                policies: of_role(role).into_iter().cloned().collect(),
                ..Caller::anonymous("000000000000".parse().unwrap())
            };
            let ask = Ask {
                action,
                resource: &Arn("arn:aws:sqs:us-east-1:000000000000:jobs".to_owned()),
                owner: &account,
                application: None,
                policy: None,
                context: &BTreeMap::new(),
            };
            authorize(&caller, &ask) == Decision::Allowed
        };
        for (role, action, expected) in [
            ("admin", "iam:CreateRole", true),
            ("deployer", "sqs:SendMessage", true),
            ("deployer", "sts:AssumeRole", true),
            ("deployer", "iam:CreateRole", false),
            ("viewer", "sqs:GetQueueAttributes", true),
            ("viewer", "sqs:ReceiveMessage", false),
            ("viewer", "sts:AssumeRole", false),
            ("owner", "sqs:ListQueues", false),
        ] {
            assert_eq!(may(role, action), expected, "{role} {action}");
        }
    }
}

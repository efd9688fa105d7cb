//! From JSON to a policy; every refusal says where.

use serde_json::{Map, Value as Json};

use super::{
    ArnPattern, Clause, Effect, Listed, Pattern, Policy, PolicyError, PrincipalPattern, Statement, Version,
    operator::Operator, pattern::Wildcards, values::Value,
};

/// Longest document that is read, in bytes: what AWS allows a queue's attributes at most.
const LONGEST: usize = 65_536;

type Result<T> = std::result::Result<T, PolicyError>;

pub(super) fn document(text: &str) -> Result<Policy> {
    if text.len() > LONGEST {
        return Err(PolicyError::at(
            "the document",
            format!("is longer than {LONGEST} bytes"),
        ));
    }
    let json: Json = serde_json::from_str(text)
        .map_err(|error| PolicyError::at("the document", format!("is not JSON: {error}")))?;
    let object = object(&json, "the document")?;
    known(object, "the document", &["Version", "Id", "Statement"])?;
    let version = match optional(object, "Version", "")? {
        None | Some("2008-10-17") => Version::V2008,
        Some("2012-10-17") => Version::V2012,
        Some(other) => {
            let problem = format!("{other:?} is neither 2012-10-17 nor 2008-10-17");
            return Err(PolicyError::at("Version", problem));
        }
    };
    let id = optional(object, "Id", "")?.map(str::to_owned);
    let statements = match object.get("Statement") {
        None => return Err(PolicyError::at("the document", "Statement is missing")),
        Some(Json::Array(list)) if list.is_empty() => {
            return Err(PolicyError::at(
                "Statement",
                "is empty: write one statement at least",
            ));
        }
        Some(Json::Array(list)) => list
            .iter()
            .enumerate()
            .map(|(at, json)| statement(json, &format!("Statement[{at}]"), version))
            .collect::<Result<Vec<_>>>()?,
        Some(one) => vec![statement(one, "Statement[0]", version)?],
    };
    for (at, statement) in statements.iter().enumerate() {
        let twice = statement.sid.is_some() && statements[..at].iter().any(|one| one.sid == statement.sid);
        if twice {
            return Err(PolicyError::at(
                format!("Statement[{at}].Sid"),
                "another statement has it too",
            ));
        }
    }
    Ok(Policy {
        version,
        id,
        statements,
    })
}

fn statement(json: &Json, place: &str, version: Version) -> Result<Statement> {
    let object = object(json, place)?;
    let elements = [
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    ];
    known(object, place, &elements)?;
    let effect = match optional(object, "Effect", place)? {
        Some("Allow") => Effect::Allow,
        Some("Deny") => Effect::Deny,
        Some(other) => {
            let problem = format!("{other:?} is neither Allow nor Deny");
            return Err(PolicyError::at(format!("{place}.Effect"), problem));
        }
        None => return Err(PolicyError::at(place, "Effect is missing")),
    };
    let actions = either(object, "Action", "NotAction", place, |json, place| {
        texts(json, place, |text| action(text, version))
    })?;
    Ok(Statement {
        sid: optional(object, "Sid", place)?.map(str::to_owned),
        effect,
        principals: either(object, "Principal", "NotPrincipal", place, principals)?,
        actions: actions.ok_or_else(|| PolicyError::at(place, "Action or NotAction is missing"))?,
        resources: either(object, "Resource", "NotResource", place, |json, place| {
            texts(json, place, |text| ArnPattern::parse(text, version))
        })?,
        conditions: match object.get("Condition") {
            None => Vec::new(),
            Some(json) => conditions(json, &format!("{place}.Condition"), version)?,
        },
    })
}

/// `*`, or `service:Name` with wildcards. Variables have no place here.
fn action(text: &str, version: Version) -> std::result::Result<Pattern, String> {
    let plain = |part: &str| {
        let good = |byte: u8| byte.is_ascii_alphanumeric() || b"-_*?".contains(&byte);
        !part.is_empty() && part.bytes().all(good)
    };
    let good = text == "*"
        || text
            .split_once(':')
            .is_some_and(|(service, name)| plain(service) && plain(name));
    if !good {
        return Err(format!(
            "{text:?} is no action: write one such as sqs:SendMessage, sqs:* or *"
        ));
    }
    Pattern::parse(text, version, Wildcards::Yes)
}

fn principals(json: &Json, place: &str) -> Result<Vec<PrincipalPattern>> {
    let object = match json {
        Json::String(star) if star == "*" => return Ok(vec![PrincipalPattern::Everybody]),
        Json::Object(object) if !object.is_empty() => object,
        _ => {
            let problem = "is neither \"*\" nor an object such as {\"AWS\": \"123456789012\"}";
            return Err(PolicyError::at(place, problem));
        }
    };
    let mut found = Vec::new();
    for (kind, json) in object {
        let place = format!("{place}.{kind}");
        found.extend(match kind.as_str() {
            "AWS" => texts(json, &place, PrincipalPattern::aws)?,
            "Service" => texts(json, &place, PrincipalPattern::service)?,
            _ => {
                let problem = "principals of this kind do not exist here: AWS and Service do";
                return Err(PolicyError::at(place, problem));
            }
        });
    }
    Ok(found)
}

fn conditions(json: &Json, place: &str, version: Version) -> Result<Vec<Clause>> {
    let mut clauses = Vec::new();
    for (name, keys) in object(json, place)? {
        let place = format!("{place}.{name}");
        let operator = Operator::parse(name).map_err(|problem| PolicyError::at(&place, problem))?;
        for (key, json) in object(keys, &place)? {
            let place = format!("{place}.{key}");
            if !key.contains(':') {
                return Err(PolicyError::at(
                    place,
                    "is no condition key: write one such as aws:SourceArn",
                ));
            }
            let written = scalars(json, &place)?;
            let values = written
                .iter()
                .map(|text| Value::parse(text, operator.test, version));
            clauses.push(Clause {
                name: name.clone(),
                operator,
                key: key.clone(),
                lookup: key.to_ascii_lowercase(),
                values: values
                    .collect::<std::result::Result<_, _>>()
                    .map_err(|problem| PolicyError::at(&place, problem))?,
                written,
            });
        }
    }
    Ok(clauses)
}

/// One text or a list of texts, each read by `read`.
fn texts<T>(
    json: &Json,
    place: &str,
    read: impl Fn(&str) -> std::result::Result<T, String>,
) -> Result<Vec<T>> {
    let wrong = || PolicyError::at(place, "is neither a text nor a list of texts");
    let items: Vec<&Json> = match json {
        Json::Array(list) if list.is_empty() => return Err(PolicyError::at(place, "is an empty list")),
        Json::Array(list) => list.iter().collect(),
        one => vec![one],
    };
    let read = |json: &Json| {
        let text = json.as_str().ok_or_else(wrong)?;
        read(text).map_err(|problem| PolicyError::at(place, problem))
    };
    items.into_iter().map(read).collect()
}

/// Values of a condition: texts, numbers and truths, all as text.
fn scalars(json: &Json, place: &str) -> Result<Vec<String>> {
    let scalar = |json: &Json| match json {
        Json::String(text) => Ok(text.clone()),
        Json::Number(number) => Ok(number.to_string()),
        Json::Bool(truth) => Ok(truth.to_string()),
        _ => Err(PolicyError::at(
            place,
            "has a value that is no text, number or truth",
        )),
    };
    match json {
        Json::Array(list) if list.is_empty() => Err(PolicyError::at(place, "is an empty list")),
        Json::Array(list) => list.iter().map(scalar).collect(),
        one => Ok(vec![scalar(one)?]),
    }
}

/// The element `yes`, or its opposite `not`, or neither; never both.
fn either<T>(
    object: &Map<String, Json>,
    yes: &str,
    not: &str,
    place: &str,
    read: impl Fn(&Json, &str) -> Result<Vec<T>>,
) -> Result<Option<Listed<T>>> {
    match (object.get(yes), object.get(not)) {
        (None, None) => Ok(None),
        (Some(json), None) => Ok(Some(Listed::Among(read(json, &format!("{place}.{yes}"))?))),
        (None, Some(json)) => Ok(Some(Listed::Except(read(json, &format!("{place}.{not}"))?))),
        (Some(_), Some(_)) => Err(PolicyError::at(place, format!("has both {yes} and {not}"))),
    }
}

fn object<'a>(json: &'a Json, place: &str) -> Result<&'a Map<String, Json>> {
    json.as_object()
        .ok_or_else(|| PolicyError::at(place, "is not a JSON object"))
}

fn optional<'a>(object: &'a Map<String, Json>, name: &str, place: &str) -> Result<Option<&'a str>> {
    let place = if place.is_empty() {
        name.to_owned()
    } else {
        format!("{place}.{name}")
    };
    match object.get(name) {
        None => Ok(None),
        Some(Json::String(text)) => Ok(Some(text)),
        Some(_) => Err(PolicyError::at(place, "is not a text")),
    }
}

fn known(object: &Map<String, Json>, place: &str, names: &[&str]) -> Result<()> {
    match object.keys().find(|key| !names.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => Err(PolicyError::at(
            place,
            format!("has an element {key:?}, which policies do not have"),
        )),
    }
}

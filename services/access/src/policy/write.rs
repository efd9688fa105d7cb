//! A policy back to JSON, in the order that documents usually have.

use serde_json::{Map, Value as Json, json};

use super::{Effect, Listed, Policy, PrincipalPattern, Statement, Version};

impl Policy {
    /// The document as JSON; parsed again it is the same policy.
    pub fn to_json(&self) -> Json {
        let mut document = Map::new();
        let version = match self.version {
            Version::V2008 => "2008-10-17",
            Version::V2012 => "2012-10-17",
        };
        document.insert("Version".to_owned(), version.into());
        if let Some(id) = &self.id {
            document.insert("Id".to_owned(), id.as_str().into());
        }
        let statements = self.statements.iter().map(statement).collect();
        document.insert("Statement".to_owned(), Json::Array(statements));
        Json::Object(document)
    }
}

impl std::fmt::Display for Policy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.to_json())
    }
}

fn statement(statement: &Statement) -> Json {
    let mut object = Map::new();
    if let Some(sid) = &statement.sid {
        object.insert("Sid".to_owned(), sid.as_str().into());
    }
    let effect = match statement.effect {
        Effect::Allow => "Allow",
        Effect::Deny => "Deny",
    };
    object.insert("Effect".to_owned(), effect.into());
    if let Some(listed) = &statement.principals {
        object.insert(
            name(listed, "Principal", "NotPrincipal"),
            principals(listed.items()),
        );
    }
    let actions = statement.actions.items().iter().map(|action| action.as_str());
    object.insert(name(&statement.actions, "Action", "NotAction"), texts(actions));
    if let Some(listed) = &statement.resources {
        let resources = listed.items().iter().map(|resource| resource.as_str());
        object.insert(name(listed, "Resource", "NotResource"), texts(resources));
    }
    if !statement.conditions.is_empty() {
        object.insert("Condition".to_owned(), conditions(statement));
    }
    Json::Object(object)
}

fn name<T>(listed: &Listed<T>, among: &str, except: &str) -> String {
    match listed {
        Listed::Among(_) => among.to_owned(),
        Listed::Except(_) => except.to_owned(),
    }
}

fn conditions(statement: &Statement) -> Json {
    let mut operators: Map<String, Json> = Map::new();
    for clause in &statement.conditions {
        let keys = operators.entry(clause.name.clone()).or_insert_with(|| json!({}));
        if let Json::Object(keys) = keys {
            let values = texts(clause.written.iter().map(String::as_str));
            keys.insert(clause.key.clone(), values);
        }
    }
    Json::Object(operators)
}

fn principals(items: &[PrincipalPattern]) -> Json {
    if let [PrincipalPattern::Everybody] = items {
        return "*".into();
    }
    let (mut aws, mut services) = (Vec::new(), Vec::new());
    for item in items {
        match item {
            PrincipalPattern::Everybody => aws.push("*"),
            PrincipalPattern::Account { written, .. } => aws.push(written),
            PrincipalPattern::Arn(arn) => aws.push(arn),
            PrincipalPattern::Service(name) => services.push(name.as_str()),
        }
    }
    let mut object = Map::new();
    for (kind, names) in [("AWS", aws), ("Service", services)] {
        if !names.is_empty() {
            object.insert(kind.to_owned(), texts(names.into_iter()));
        }
    }
    Json::Object(object)
}

/// One text alone, several as a list.
fn texts<'a>(mut items: impl ExactSizeIterator<Item = &'a str>) -> Json {
    match items.len() {
        1 => items.next().into(),
        _ => items.map(Json::from).collect(),
    }
}

//! Recognises functions in the tree of a file.

use crate::yaml::{Node, Value, long_name};

/// A function, or text that is its argument.
#[derive(Clone, Debug)]
pub(crate) enum Call {
    Text(String),
    Ref(String),
    Attribute {
        resource: String,
        attribute: String,
    },
    Join {
        between: String,
        items: Vec<Call>,
    },
    Option {
        namespace: Box<Call>,
        name: Box<Call>,
        default: Option<Box<Call>>,
    },
    Find {
        map: Box<Call>,
        first: Box<Call>,
        second: Box<Call>,
    },
    /// `${Name}` in the template is a variable of its own, or else as [`Call::Ref`].
    Sub {
        template: String,
        variables: Vec<(String, Call)>,
    },
}

const KNOWN: &str = "Ref, Fn::GetAtt, Fn::Join, Fn::GetOptionSetting, Fn::FindInMap and Fn::Sub";

/// The name and argument of a function: `{"Ref": x}` or `!Ref x`.
pub(crate) fn is_function(node: &Node) -> Option<String> {
    if let Some(tag) = &node.tag {
        return Some(long_name(tag));
    }
    match &node.value {
        Value::Map(entries) => match entries.as_slice() {
            [only] if only.key == "Ref" || only.key.starts_with("Fn::") => Some(only.key.clone()),
            _ => None,
        },
        _ => None,
    }
}

impl Call {
    /// The function that a node is, or its text; else what is wrong with it.
    pub fn read(node: &Node) -> Result<Call, String> {
        let Some(name) = is_function(node) else {
            return match &node.value {
                Value::Scalar { text, .. } => Ok(Call::Text(text.clone())),
                _ => Err(format!(
                    "{} stands where text or a function is expected",
                    node.kind()
                )),
            };
        };
        let argument = match (&node.tag, &node.value) {
            (None, Value::Map(entries)) => &entries[0].value.value,
            (_, value) => value,
        };
        read_function(&name, argument)
    }
}

fn read_function(name: &str, argument: &Value) -> Result<Call, String> {
    let shape = |wanted: &str| format!("{name} takes {wanted}");
    match name {
        "Ref" => Ok(Call::Ref(text(argument).ok_or_else(|| shape("a name"))?)),
        "Fn::GetAtt" => {
            let wanted = || shape("[resource, attribute]");
            let (resource, attribute) = match argument {
                Value::List(items) => match items.as_slice() {
                    [resource, attribute] => (text(&resource.value), text(&attribute.value)),
                    _ => (None, None),
                },
                other => match text(other).as_deref().and_then(|text| text.split_once('.')) {
                    Some((resource, attribute)) => (Some(resource.to_owned()), Some(attribute.to_owned())),
                    None => (None, None),
                },
            };
            Ok(Call::Attribute {
                resource: resource.ok_or_else(wanted)?,
                attribute: attribute.ok_or_else(wanted)?,
            })
        }
        "Fn::Join" => {
            let wanted = || shape("[text between, [items]]");
            let Value::List(pair) = argument else {
                return Err(wanted());
            };
            let [between, items] = pair.as_slice() else {
                return Err(wanted());
            };
            let Value::List(items) = &items.value else {
                return Err(wanted());
            };
            Ok(Call::Join {
                between: text_or_empty(&between.value).ok_or_else(wanted)?,
                items: items.iter().map(Call::read).collect::<Result<_, _>>()?,
            })
        }
        "Fn::GetOptionSetting" => {
            let Value::Map(entries) = argument else {
                return Err(shape("a map with Namespace, OptionName and DefaultValue"));
            };
            let mut parts = [None, None, None];
            for entry in entries {
                let place = ["Namespace", "OptionName", "DefaultValue"]
                    .iter()
                    .position(|known| *known == entry.key)
                    .ok_or_else(|| format!("{name} has no key '{}'", entry.key))?;
                parts[place] = Some(Box::new(Call::read(&entry.value)?));
            }
            let [namespace, option, default] = parts;
            Ok(Call::Option {
                namespace: namespace
                    .unwrap_or_else(|| Box::new(Call::Text(crate::ENVIRONMENT_PROPERTIES.to_owned()))),
                name: option.ok_or_else(|| shape("an OptionName"))?,
                default,
            })
        }
        "Fn::FindInMap" => {
            let wanted = || shape("[map, key, key]");
            let Value::List(items) = argument else {
                return Err(wanted());
            };
            let [map, first, second] = items.as_slice() else {
                return Err(wanted());
            };
            let boxed = |node: &Node| Call::read(node).map(Box::new);
            Ok(Call::Find {
                map: boxed(map)?,
                first: boxed(first)?,
                second: boxed(second)?,
            })
        }
        "Fn::Sub" => {
            let wanted = || shape("text, or [text, map of variables]");
            if let Some(template) = text(argument) {
                return Ok(Call::Sub {
                    template,
                    variables: Vec::new(),
                });
            }
            let Value::List(items) = argument else {
                return Err(wanted());
            };
            let [template, variables] = items.as_slice() else {
                return Err(wanted());
            };
            let Value::Map(variables) = &variables.value else {
                return Err(wanted());
            };
            Ok(Call::Sub {
                template: text(&template.value).ok_or_else(wanted)?,
                variables: variables
                    .iter()
                    .map(|entry| Ok((entry.key.clone(), Call::read(&entry.value)?)))
                    .collect::<Result<_, String>>()?,
            })
        }
        other => Err(format!("the function {other} is not evaluated: {KNOWN} are")),
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Scalar { text, .. } => Some(text.clone()),
        _ => None,
    }
}

fn text_or_empty(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        other => text(other),
    }
}

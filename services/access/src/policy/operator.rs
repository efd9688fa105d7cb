//! Names of condition operators: `ForAnyValue:StringLikeIfExists` taken apart.

/// A condition operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operator {
    pub over: Over,
    pub test: Test,
    pub absent: Absent,
}

/// How a key with several values is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// As a key with one value.
    Single,
    /// `ForAnyValue:`
    AnyValue,
    /// `ForAllValues:`
    AllValues,
}

/// What holds for a key that the request does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// A comparison fails, a negated one holds.
    Compared,
    /// `…IfExists`: it holds.
    Accepted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Test {
    /// Equality and likeness, and their opposites.
    Is(Kind),
    IsNot(Kind),
    Numeric(Order),
    Date(Order),
    Null,
}

/// What is compared for being the same or alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Exact,
    AnyCase,
    Like,
    Arn,
    Number,
    Date,
    Bool,
    Address,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Every operator by its name without prefix and suffix. `ArnEquals` is `ArnLike`, as in AWS.
const TESTS: &[(&str, Test)] = &[
    ("StringEquals", Test::Is(Kind::Exact)),
    ("StringNotEquals", Test::IsNot(Kind::Exact)),
    ("StringEqualsIgnoreCase", Test::Is(Kind::AnyCase)),
    ("StringNotEqualsIgnoreCase", Test::IsNot(Kind::AnyCase)),
    ("StringLike", Test::Is(Kind::Like)),
    ("StringNotLike", Test::IsNot(Kind::Like)),
    ("ArnEquals", Test::Is(Kind::Arn)),
    ("ArnLike", Test::Is(Kind::Arn)),
    ("ArnNotEquals", Test::IsNot(Kind::Arn)),
    ("ArnNotLike", Test::IsNot(Kind::Arn)),
    ("NumericEquals", Test::Is(Kind::Number)),
    ("NumericNotEquals", Test::IsNot(Kind::Number)),
    ("NumericLessThan", Test::Numeric(Order::Less)),
    ("NumericLessThanEquals", Test::Numeric(Order::LessOrEqual)),
    ("NumericGreaterThan", Test::Numeric(Order::Greater)),
    ("NumericGreaterThanEquals", Test::Numeric(Order::GreaterOrEqual)),
    ("DateEquals", Test::Is(Kind::Date)),
    ("DateNotEquals", Test::IsNot(Kind::Date)),
    ("DateLessThan", Test::Date(Order::Less)),
    ("DateLessThanEquals", Test::Date(Order::LessOrEqual)),
    ("DateGreaterThan", Test::Date(Order::Greater)),
    ("DateGreaterThanEquals", Test::Date(Order::GreaterOrEqual)),
    ("Bool", Test::Is(Kind::Bool)),
    ("IpAddress", Test::Is(Kind::Address)),
    ("NotIpAddress", Test::IsNot(Kind::Address)),
    ("Null", Test::Null),
];

impl Operator {
    pub(super) fn parse(name: &str) -> Result<Self, String> {
        let (over, rest) = match name.split_once(':') {
            None => (Over::Single, name),
            Some(("ForAnyValue", rest)) => (Over::AnyValue, rest),
            Some(("ForAllValues", rest)) => (Over::AllValues, rest),
            Some((prefix, _)) => return Err(format!("{prefix} is neither ForAnyValue nor ForAllValues")),
        };
        let (absent, base) = match rest.strip_suffix("IfExists") {
            None => (Absent::Compared, rest),
            Some(base) => (Absent::Accepted, base),
        };
        let test = TESTS.iter().find(|(known, _)| *known == base);
        let Some((_, test)) = test else {
            return Err(format!("there is no condition operator {base:?}"));
        };
        if *test == Test::Null && (over, absent) != (Over::Single, Absent::Compared) {
            return Err("Null takes neither a prefix nor IfExists".to_owned());
        }
        Ok(Self {
            over,
            test: *test,
            absent,
        })
    }
}

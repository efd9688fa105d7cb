//! The values of a condition, each read as what its operator compares.

use std::net::IpAddr;

use time::{Date, OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description};

use super::{
    ArnPattern, Context, Pattern, Version,
    operator::{Kind, Order, Test},
    pattern::Wildcards,
};

/// One value of a condition.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Text(Pattern),
    Arn(ArnPattern),
    Number(f64),
    /// Milliseconds since 1970.
    Date(i128),
    Bool(bool),
    Network(Network),
}

impl Value {
    pub(super) fn parse(text: &str, test: Test, version: Version) -> Result<Self, String> {
        let kind = match test {
            Test::Is(kind) | Test::IsNot(kind) => kind,
            Test::Numeric(_) => Kind::Number,
            Test::Date(_) => Kind::Date,
            Test::Null => Kind::Bool,
        };
        match kind {
            Kind::Exact | Kind::AnyCase => Pattern::parse(text, version, Wildcards::No).map(Self::Text),
            Kind::Like => Pattern::parse(text, version, Wildcards::Yes).map(Self::Text),
            Kind::Arn => ArnPattern::parse(text, version).map(Self::Arn),
            Kind::Number => number(text).map(Self::Number),
            Kind::Date => date(text).map(Self::Date),
            Kind::Bool => boolean(text).map(Self::Bool),
            Kind::Address => Network::parse(text).map(Self::Network),
        }
    }

    /// Whether a request's value is this one. One that cannot be read as such is not.
    pub(super) fn is(&self, kind: Kind, value: &str, context: &Context<'_>) -> bool {
        match self {
            Self::Text(pattern) if kind == Kind::AnyCase => pattern.matches_any_case(value, context),
            Self::Text(pattern) => pattern.matches(value, context),
            Self::Arn(pattern) => pattern.matches(value, context),
            Self::Number(wanted) => number(value).is_ok_and(|found| found == *wanted),
            Self::Date(wanted) => date(value).is_ok_and(|found| found == *wanted),
            Self::Bool(wanted) => boolean(value).is_ok_and(|found| found == *wanted),
            Self::Network(network) => value.parse().is_ok_and(|address| network.holds(address)),
        }
    }

    /// Whether a request's value stands so to this one: `value < self` for `Less`.
    pub(super) fn stands(&self, order: Order, value: &str) -> bool {
        let ordering = match self {
            Self::Number(limit) => number(value).ok().and_then(|found| found.partial_cmp(limit)),
            Self::Date(limit) => date(value).ok().map(|found| found.cmp(limit)),
            _ => None,
        };
        ordering.is_some_and(|ordering| match order {
            Order::Less => ordering.is_lt(),
            Order::LessOrEqual => ordering.is_le(),
            Order::Greater => ordering.is_gt(),
            Order::GreaterOrEqual => ordering.is_ge(),
        })
    }
}

fn number(text: &str) -> Result<f64, String> {
    text.parse::<f64>()
        .ok()
        .filter(|number| number.is_finite())
        .ok_or_else(|| format!("{text:?} is no number"))
}

fn boolean(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(format!("{text:?} is neither true nor false")),
    }
}

/// An ISO 8601 date or moment, or seconds since 1970.
fn date(text: &str) -> Result<i128, String> {
    if let Ok(moment) = OffsetDateTime::parse(text, &Rfc3339) {
        return Ok(moment.unix_timestamp_nanos() / 1_000_000);
    }
    if let Ok(seconds) = text.parse::<i64>() {
        return Ok(i128::from(seconds) * 1000);
    }
    Date::parse(text, format_description!("[year]-[month]-[day]"))
        .map(|day| day.midnight().assume_utc().unix_timestamp_nanos() / 1_000_000)
        .map_err(|_| {
            format!("{text:?} is no date: write 2026-01-31T12:00:00Z, 2026-01-31 or seconds since 1970")
        })
}

/// A network in CIDR form, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    fn parse(text: &str) -> Result<Self, String> {
        let refused = || format!("{text:?} is neither an address nor a network such as 10.0.0.0/8");
        let (address, bits) = match text.split_once('/') {
            None => (text, None),
            Some((address, bits)) => (address, Some(bits)),
        };
        let address: IpAddr = address.parse().map_err(|_| refused())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            None => most,
            Some(bits) => bits
                .parse()
                .ok()
                .filter(|bits| *bits <= most)
                .ok_or_else(refused)?,
        };
        Ok(Self { address, bits })
    }

    fn holds(&self, address: IpAddr) -> bool {
        let (ours, theirs) = match (self.address, address.to_canonical()) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => (
                u128::from(ours.to_bits()) << 96,
                u128::from(theirs.to_bits()) << 96,
            ),
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => (ours.to_bits(), theirs.to_bits()),
            _ => return false,
        };
        (ours ^ theirs)
            .checked_shr(128 - u32::from(self.bits))
            .unwrap_or(0)
            == 0
    }
}

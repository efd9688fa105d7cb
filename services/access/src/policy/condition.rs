//! One condition: an operator, a key, its values.

use super::{
    Context,
    operator::{Absent, Operator, Over, Test},
    values::Value,
};

/// One key under one operator.
#[derive(Clone, Debug, PartialEq)]
pub struct Clause {
    /// `ForAnyValue:StringLike`, as it was written.
    pub(super) name: String,
    pub(super) operator: Operator,
    /// As it was written, and in lower case as it is looked up.
    pub(super) key: String,
    pub(super) lookup: String,
    /// As they were written, and as they are compared.
    pub(super) written: Vec<String>,
    pub(super) values: Vec<Value>,
}

impl Clause {
    pub(super) fn holds(&self, context: &Context<'_>) -> bool {
        let found = context.values(&self.lookup).filter(|found| !found.is_empty());
        if self.operator.test == Test::Null {
            let is_null = found.is_none();
            return self.values.contains(&Value::Bool(is_null));
        }
        let negated = matches!(self.operator.test, Test::IsNot(_));
        let Some(found) = found else {
            return match (self.operator.absent, self.operator.over) {
                (Absent::Accepted, _) | (Absent::Compared, Over::AllValues) => true,
                (Absent::Compared, Over::AnyValue) => false,
                (Absent::Compared, Over::Single) => negated,
            };
        };
        let mut each = found.iter().map(|value| self.accepts(value, context));
        match self.operator.over {
            Over::AnyValue => each.any(|good| good),
            Over::AllValues => each.all(|good| good),
            // AWS leaves several values without a prefix open; the opposite of "any is" is "none is".
            Over::Single if negated => each.all(|good| good),
            Over::Single => each.any(|good| good),
        }
    }

    /// Whether one value of the request passes: is any of ours, or is none of them.
    fn accepts(&self, found: &str, context: &Context<'_>) -> bool {
        let mut ours = self.values.iter();
        match self.operator.test {
            Test::Is(kind) => ours.any(|value| value.is(kind, found, context)),
            Test::IsNot(kind) => !ours.any(|value| value.is(kind, found, context)),
            Test::Numeric(order) | Test::Date(order) => ours.any(|value| value.stands(order, found)),
            Test::Null => false,
        }
    }
}

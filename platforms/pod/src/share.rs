//! What of an instance's limits each of its containers gets.

use crate::{Pod, PodContainer};

/// For the container that holds the network, bytes.
pub const HOLDER_MEMORY: u64 = 16 << 20;
/// No container starts with less, bytes.
const LEAST_MEMORY: u64 = 8 << 20;
const LEAST_CPU: u32 = 10;

/// The instance is too small for its containers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the containers of an instance need at least {needed} {unit} together, and an instance has {has}: raise {option} of the namespace beanpole:instance, or lower what the bundle asks for"
)]
pub struct TooLittle {
    needed: u64,
    has: u64,
    unit: &'static str,
    option: &'static str,
}

/// Divides an instance's limits (0: none): who asked for so much gets it, the others share the rest. Together
/// they never have more than the instance. Answers bytes and thousandths of a CPU, in the order of the pod.
pub fn shares(pod: &Pod, memory_bytes: u64, cpu_millis: u32) -> Result<Vec<(u64, u32)>, TooLittle> {
    let asked = |of: fn(&PodContainer) -> Option<u64>| pod.containers.iter().map(of).collect::<Vec<_>>();
    let memory = divide(
        &asked(|container| container.memory_bytes),
        memory_bytes,
        HOLDER_MEMORY,
        LEAST_MEMORY,
    )
    .map_err(|needed| TooLittle {
        needed: needed.div_ceil(1 << 20),
        has: memory_bytes >> 20,
        unit: "MB of memory",
        option: "Memory",
    })?;
    let cpu = divide(
        &asked(|container| container.cpu_millis.map(u64::from)),
        u64::from(cpu_millis),
        0,
        u64::from(LEAST_CPU),
    )
    .map_err(|needed| TooLittle {
        needed,
        has: u64::from(cpu_millis),
        unit: "thousandths of a CPU",
        option: "Cpu",
    })?;
    let cpu = cpu
        .into_iter()
        .map(|millis| u32::try_from(millis).unwrap_or(u32::MAX));
    Ok(memory.into_iter().zip(cpu).collect())
}

/// The error is what would be enough.
fn divide(asked: &[Option<u64>], whole: u64, kept: u64, least: u64) -> Result<Vec<u64>, u64> {
    if whole == 0 {
        return Ok(asked.iter().map(|asked| asked.unwrap_or(0)).collect());
    }
    let given: u64 = asked
        .iter()
        .flatten()
        .fold(kept, |sum, asked| sum.saturating_add(*asked));
    let others = asked.iter().filter(|asked| asked.is_none()).count() as u64;
    let needed = given.saturating_add(others.saturating_mul(least));
    let Some(rest) = whole.checked_sub(given).filter(|_| needed <= whole) else {
        return Err(needed);
    };
    let share = rest.checked_div(others).unwrap_or(0);
    Ok(asked.iter().map(|asked| asked.unwrap_or(share)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MB: u64 = 1 << 20;

    fn pod(asked: &[Option<u64>]) -> Pod {
        let containers = asked.iter().map(|asked| PodContainer {
            memory_bytes: asked.map(|mb| mb * MB),
            ..PodContainer::default()
        });
        Pod {
            containers: containers.collect(),
            ..Pod::default()
        }
    }

    #[test]
    fn who_asks_gets_it_and_the_rest_is_shared() {
        let found = shares(&pod(&[None, Some(100), None]), 256 * MB, 900).unwrap();
        assert_eq!(found, [(70 * MB, 300), (100 * MB, 300), (70 * MB, 300)]);
        let free = shares(&pod(&[None, Some(100)]), 0, 0).unwrap();
        assert_eq!(free, [(0, 0), (100 * MB, 0)]);
    }

    #[test]
    fn what_does_not_fit_is_told_with_what_would() {
        let error = shares(&pod(&[Some(300), None]), 256 * MB, 0)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("at least 324 MB of memory") && error.contains("has 256"),
            "{error}"
        );
    }
}

//! The choice of a set by weight and of an instance by load. Pure.

/// How good a target is, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Its health checks pass.
    Healthy,
    /// They fail, but it was not seen to refuse connections.
    Unhealthy,
    /// It refused a connection a moment ago.
    Unreachable,
}

/// The index of the set that `draw` falls on, `draw` being evenly distributed below the sum of all
/// weights. Sets of weight zero are never chosen.
pub fn by_weight(weights: impl Iterator<Item = u32>, draw: u32) -> Option<usize> {
    let mut rest = draw;
    for (index, weight) in weights.enumerate() {
        if rest < weight {
            return Some(index);
        }
        rest -= weight;
    }
    None
}

/// The best of `count` targets: of the best standing present, the one with the least open
/// requests; among equals the first from `start` on, so that a growing `start` takes turns.
///
/// `look` gives a target's standing and open requests, or nothing if it must not be chosen.
/// When no target is healthy the others serve ("fail open").
pub fn by_load(
    count: usize,
    start: usize,
    mut look: impl FnMut(usize) -> Option<(Standing, u64)>,
) -> Option<usize> {
    let mut best: Option<((Standing, u64), usize)> = None;
    let first = if count == 0 { 0 } else { start % count };
    for index in (first..count).chain(0..first) {
        if let Some(seen) = look(index)
            && best.is_none_or(|(least, _)| seen < least)
        {
            best = Some((seen, index));
        }
    }
    best.map(|(_, index)| index)
}

#[cfg(test)]
mod tests {
    use super::Standing::*;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn draws_fall_into_weights() {
        let weights = [0, 30, 0, 70, 0];
        for (draw, wanted) in [
            (0, Some(1)),
            (29, Some(1)),
            (30, Some(3)),
            (99, Some(3)),
            (100, None),
        ] {
            assert_eq!(by_weight(weights.into_iter(), draw), wanted, "{draw}");
        }
        assert_eq!(by_weight(std::iter::empty(), 0), None);
    }

    #[test]
    fn targets_are_chosen_by_standing_then_load_then_turn() {
        let choose = |start, targets: &[Option<(Standing, u64)>]| {
            by_load(targets.len(), start, |index| targets[index])
        };
        assert_eq!(choose(0, &[]), None);
        assert_eq!(choose(0, &[None, None]), None);
        assert_eq!(choose(5, &[Some((Healthy, 3))]), Some(0));
        assert_eq!(choose(0, &[Some((Healthy, 3)), Some((Healthy, 2))]), Some(1));
        assert_eq!(choose(0, &[Some((Unhealthy, 0)), Some((Healthy, 9))]), Some(1));
        assert_eq!(
            choose(0, &[Some((Unreachable, 0)), Some((Unhealthy, 9))]),
            Some(1)
        );
        assert_eq!(
            choose(0, &[Some((Unreachable, 1)), Some((Unreachable, 0))]),
            Some(1)
        );
        assert_eq!(choose(0, &[None, Some((Unreachable, 7))]), Some(1));
        let equal = [Some((Healthy, 1)); 3];
        assert_eq!(
            [0, 1, 2, 3].map(|start| choose(start, &equal)),
            [Some(0), Some(1), Some(2), Some(0)]
        );
    }

    proptest! {
        #[test]
        fn every_draw_below_the_sum_chooses_a_set_with_weight(
            weights in prop::collection::vec(0u32..=100, 1..6), draw in 0u32..600,
        ) {
            let sum: u32 = weights.iter().sum();
            match by_weight(weights.iter().copied(), draw) {
                Some(index) => prop_assert!(draw < sum && weights[index] > 0),
                None => prop_assert!(draw >= sum),
            }
        }

        #[test]
        fn shares_are_exact_over_all_draws(weights in prop::collection::vec(0u32..=100, 1..6)) {
            let sum: u32 = weights.iter().sum();
            let mut hits = vec![0u32; weights.len()];
            for draw in 0..sum {
                hits[by_weight(weights.iter().copied(), draw).unwrap()] += 1;
            }
            prop_assert_eq!(hits, weights);
        }

        #[test]
        fn nothing_better_is_passed_over(
            targets in prop::collection::vec(
                prop::option::of((prop::sample::select(vec![Healthy, Unhealthy, Unreachable]), 0u64..5)),
                0..8,
            ),
            start in 0usize..100,
        ) {
            let best = targets.iter().flatten().min().copied();
            let chosen = by_load(targets.len(), start, |index| targets[index]);
            prop_assert_eq!(chosen.and_then(|index| targets[index]), best);
        }
    }
}

//! What is to be started, ended and started again, and when. Pure: time and news come in, actions go out.

use std::time::Duration;

use crate::reaper::Ended;

/// What something that runs is for; it is ended in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Proxy,
    Process,
    Service,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Not wanted, or not yet.
    Down,
    /// Wanted at this time.
    Due(Duration),
    Running {
        since: Duration,
        /// It was asked to end.
        ending: bool,
    },
}

#[derive(Clone, Debug)]
struct Unit {
    kind: Kind,
    state: State,
    /// It is to run; what ends is started again.
    wanted: bool,
    /// It does its work and ends.
    once: bool,
    /// Ends without a long life before them.
    crashes: u32,
    /// The latest ends.
    ends: Vec<Duration>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Everything but services, which are started one by one.
    Begin,
    /// The application takes connections.
    Reachable,
    Exited(usize, Ended),
    /// Somebody asks for it.
    Start(usize),
    Stop(usize),
    Restart(usize),
    /// All of it is to end.
    Leave,
    Tick,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Start(usize),
    /// Ask it to end, by its own signal.
    End(usize),
    Kill(usize),
    /// The application did not take connections in time; the proxy is started all the same.
    NotReachable,
    /// The application does not run: it ended before it ever took connections, or ends again and again.
    /// Whoever started the instance counts such ends and says so.
    GiveUp(Ended),
    /// Nothing runs any more.
    Left,
}

/// The proxy waits so long for the application. Then its answer (502) tells more than a refused connection.
const PROXY_PATIENCE: Duration = Duration::from_secs(10);
/// What lived so long has not crashed at its start.
const LONG_LIFE: Duration = Duration::from_secs(30);
/// So many ends of the application in so long are too many.
const ENDS_IN_WINDOW: usize = 5;
const LOSS_WINDOW: Duration = Duration::from_secs(60);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub struct Machine {
    units: Vec<Unit>,
    grace: Duration,
    /// Since when everything is to end, and how far that is.
    leaving: Option<(Duration, Kind)>,
    reachable: bool,
}

impl Machine {
    /// Units by kind, and whether each does its work and ends; `grace` is how long leaving may take.
    pub fn new(kinds: impl IntoIterator<Item = (Kind, bool)>, grace: Duration) -> Self {
        let unit = |(kind, once)| Unit {
            kind,
            state: State::Down,
            wanted: false,
            once,
            crashes: 0,
            ends: Vec::new(),
        };
        Self {
            units: kinds.into_iter().map(unit).collect(),
            grace,
            leaving: None,
            reachable: false,
        }
    }

    /// Adds a unit that nothing starts but [`Event::Start`].
    pub fn add(&mut self, kind: Kind, once: bool) -> usize {
        self.units.push(Unit {
            kind,
            state: State::Down,
            wanted: false,
            once,
            crashes: 0,
            ends: Vec::new(),
        });
        self.units.len() - 1
    }

    pub fn is_running(&self, unit: usize) -> bool {
        matches!(self.units[unit].state, State::Running { .. })
    }

    /// Takes what happened; answers what is to be done. What is to be started counts as started.
    pub fn on(&mut self, event: Event, now: Duration) -> Vec<Action> {
        let mut actions = Vec::new();
        match event {
            Event::Begin => {
                // What somebody started before goes on.
                for unit in self.units.iter_mut().filter(|unit| unit.state == State::Down) {
                    unit.state = match unit.kind {
                        Kind::Proxy => State::Due(now + PROXY_PATIENCE),
                        Kind::Process => State::Due(now),
                        Kind::Service => continue,
                    };
                    unit.wanted = true;
                }
            }
            Event::Reachable => {
                self.reachable = true;
                for unit in self.units.iter_mut().filter(|unit| unit.kind == Kind::Proxy) {
                    if let State::Due(_) = unit.state {
                        unit.state = State::Due(now);
                    }
                }
            }
            Event::Exited(unit, ended) => {
                self.exited(unit, ended, now);
                if self.is_lost(unit, now) {
                    // Nobody starts it while the others are asked to end.
                    self.units[unit].wanted = false;
                    self.units[unit].state = State::Down;
                    actions.push(Action::GiveUp(ended));
                }
            }
            Event::Start(unit) => self.start(unit, now),
            Event::Stop(unit) => self.stop(unit, &mut actions),
            Event::Restart(unit) => {
                self.stop(unit, &mut actions);
                self.units[unit].wanted = true;
                if self.units[unit].state == State::Down {
                    self.units[unit].state = State::Due(now);
                }
            }
            Event::Leave => {
                self.leaving.get_or_insert((now, Kind::Proxy));
                for unit in &mut self.units {
                    unit.wanted = false;
                    if let State::Due(_) = unit.state {
                        unit.state = State::Down;
                    }
                }
                self.end_all(Kind::Proxy, &mut actions);
            }
            Event::Tick => {}
        }
        match self.leaving {
            Some(_) => self.go_on_leaving(now, &mut actions),
            None => self.start_due(now, &mut actions),
        }
        actions
    }

    /// When there is something to do although nothing happens.
    pub fn next(&self) -> Option<Duration> {
        let due = self.units.iter().filter_map(|unit| match unit.state {
            State::Due(at) => Some(at),
            _ => None,
        });
        let deadline = self.leaving.map(|(since, kind)| self.deadline(since, kind));
        due.chain(deadline).min()
    }

    fn exited(&mut self, unit: usize, ended: Ended, now: Duration) {
        let unit = &mut self.units[unit];
        let State::Running { since, ending } = unit.state else {
            return;
        };
        let done = unit.once && ended == Ended(0) && !ending;
        if !unit.wanted || done {
            unit.wanted = false;
            unit.state = State::Down;
            return;
        }
        if now.saturating_sub(since) >= LONG_LIFE || ending {
            unit.crashes = 0;
        }
        unit.state = State::Due(now + pause(unit.crashes));
        unit.crashes = unit.crashes.saturating_add(1);
    }

    /// Whether the process that gets requests has ended too early or too often.
    fn is_lost(&mut self, unit: usize, now: Duration) -> bool {
        let first = self.units.iter().position(|unit| unit.kind == Kind::Process);
        if first != Some(unit) || self.leaving.is_some() || !self.units[unit].wanted {
            return false;
        }
        let ends = &mut self.units[unit].ends;
        ends.push(now);
        ends.retain(|at| now.saturating_sub(*at) < LOSS_WINDOW);
        !self.reachable || ends.len() >= ENDS_IN_WINDOW
    }

    fn start(&mut self, unit: usize, now: Duration) {
        let unit = &mut self.units[unit];
        unit.wanted = true;
        if unit.state == State::Down {
            unit.crashes = 0;
            unit.state = State::Due(now);
        }
    }

    fn stop(&mut self, unit: usize, actions: &mut Vec<Action>) {
        let index = unit;
        let unit = &mut self.units[unit];
        unit.wanted = false;
        match &mut unit.state {
            State::Running { ending, .. } => {
                *ending = true;
                actions.push(Action::End(index));
            }
            state => *state = State::Down,
        }
    }

    fn start_due(&mut self, now: Duration, actions: &mut Vec<Action>) {
        for (index, unit) in self.units.iter_mut().enumerate() {
            if matches!(unit.state, State::Due(at) if at <= now) {
                if unit.kind == Kind::Proxy && !std::mem::replace(&mut self.reachable, true) {
                    actions.push(Action::NotReachable);
                }
                unit.state = State::Running {
                    since: now,
                    ending: false,
                };
                actions.push(Action::Start(index));
            }
        }
    }

    fn end_all(&mut self, kind: Kind, actions: &mut Vec<Action>) {
        for (index, unit) in self.units.iter_mut().enumerate() {
            if let State::Running { ending, .. } = &mut unit.state
                && unit.kind == kind
                && !std::mem::replace(ending, true)
            {
                actions.push(Action::End(index));
            }
        }
    }

    /// A kind that is down gives way to the next; one whose time is up is killed.
    fn go_on_leaving(&mut self, now: Duration, actions: &mut Vec<Action>) {
        while let Some((since, kind)) = self.leaving {
            let runs = |unit: &Unit| unit.kind == kind && matches!(unit.state, State::Running { .. });
            if self.units.iter().any(runs) {
                if now >= self.deadline(since, kind) {
                    let late = self.units.iter().enumerate().filter(|(_, unit)| runs(unit));
                    actions.extend(late.map(|(index, _)| Action::Kill(index)));
                }
                return;
            }
            let next = match kind {
                Kind::Proxy => Kind::Process,
                Kind::Process => Kind::Service,
                Kind::Service => {
                    actions.push(Action::Left);
                    return;
                }
            };
            self.leaving = Some((since, next));
            self.end_all(next, actions);
        }
    }

    /// The proxy has a third of the time, processes most of the rest.
    fn deadline(&self, since: Duration, kind: Kind) -> Duration {
        since
            + match kind {
                Kind::Proxy => self.grace / 3,
                Kind::Process => self.grace * 5 / 6,
                Kind::Service => self.grace,
            }
    }
}

/// At once the first time, then longer and longer.
fn pause(crashes: u32) -> Duration {
    match crashes {
        0 => Duration::ZERO,
        more => FIRST_PAUSE
            .saturating_mul(1 << (more - 1).min(10))
            .min(LONGEST_PAUSE),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// A proxy, two processes, a service.
    fn machine() -> Machine {
        let kinds = [Kind::Proxy, Kind::Process, Kind::Process, Kind::Service];
        Machine::new(kinds.map(|kind| (kind, false)), ms(6000))
    }

    #[test]
    fn the_proxy_waits_for_the_application_but_not_for_ever() {
        let mut machine = machine();
        assert_eq!(machine.on(Event::Start(3), ms(0)), [Action::Start(3)]);
        assert_eq!(
            machine.on(Event::Begin, ms(0)),
            [Action::Start(1), Action::Start(2)]
        );
        assert_eq!(machine.on(Event::Tick, ms(500)), []);
        assert_eq!(machine.on(Event::Reachable, ms(700)), [Action::Start(0)]);

        let mut silent = self::machine();
        silent.on(Event::Begin, ms(0));
        assert_eq!(silent.next(), Some(ms(10_000)));
        assert_eq!(
            silent.on(Event::Tick, ms(10_000)),
            [Action::NotReachable, Action::Start(0)]
        );
    }

    #[test]
    fn what_ends_is_started_again_at_once_and_then_less_often() {
        let mut machine = machine();
        machine.on(Event::Begin, ms(0));
        let mut now = ms(100);
        let mut pauses = Vec::new();
        for _ in 0..10 {
            let actions = machine.on(Event::Exited(2, Ended(1)), now);
            let before = now;
            if !actions.contains(&Action::Start(2)) {
                now = machine.units[2].due();
                assert!(machine.on(Event::Tick, now).contains(&Action::Start(2)));
            }
            pauses.push((now - before).as_millis());
            now += ms(10);
        }
        assert_eq!(pauses, [0, 100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
        let long = now + LONG_LIFE;
        assert!(
            machine
                .on(Event::Exited(1, Ended(137)), long)
                .contains(&Action::Start(1))
        );
    }

    #[test]
    fn an_application_that_is_given_up_is_not_started_once_more() {
        let mut early = machine();
        early.on(Event::Begin, ms(0));
        let actions = early.on(Event::Exited(1, Ended(3)), ms(50));
        assert_eq!(actions, [Action::GiveUp(Ended(3))]);
        assert_eq!(early.on(Event::Tick, ms(5_000)), []);

        let mut often = machine();
        often.on(Event::Begin, ms(0));
        often.on(Event::Reachable, ms(10));
        let mut now = ms(20);
        for _ in 1..ENDS_IN_WINDOW {
            assert!(
                !often
                    .on(Event::Exited(1, Ended(1)), now)
                    .contains(&Action::GiveUp(Ended(1)))
            );
            now = now.max(often.units[1].due());
            often.on(Event::Tick, now);
        }
        assert_eq!(
            often.on(Event::Exited(1, Ended(1)), now),
            [Action::GiveUp(Ended(1))]
        );
    }

    impl Unit {
        fn due(&self) -> Duration {
            match self.state {
                State::Due(at) => at,
                _ => Duration::ZERO,
            }
        }
    }

    #[test]
    fn everything_ends_in_order_and_the_late_are_killed() {
        let mut machine = machine();
        machine.on(Event::Start(3), ms(0));
        machine.on(Event::Begin, ms(0));
        machine.on(Event::Reachable, ms(1));
        assert_eq!(machine.on(Event::Leave, ms(1000)), [Action::End(0)]);
        let next = machine.on(Event::Exited(0, Ended(0)), ms(1100));
        assert_eq!(next, [Action::End(1), Action::End(2)]);
        assert_eq!(machine.on(Event::Exited(1, Ended(0)), ms(1200)), []);
        assert_eq!(machine.next(), Some(ms(6000)));
        assert_eq!(machine.on(Event::Tick, ms(6000)), [Action::Kill(2)]);
        assert_eq!(
            machine.on(Event::Exited(2, Ended(137)), ms(6001)),
            [Action::End(3)]
        );
        assert_eq!(machine.on(Event::Exited(3, Ended(0)), ms(6100)), [Action::Left]);
    }

    #[test]
    fn a_service_can_be_stopped_and_started_and_a_task_ends_for_good() {
        let mut machine = Machine::new([(Kind::Service, false), (Kind::Service, true)], ms(6000));
        machine.on(Event::Start(0), ms(0));
        machine.on(Event::Start(1), ms(0));
        assert_eq!(machine.on(Event::Exited(1, Ended(0)), ms(5)), []);
        assert_eq!(machine.on(Event::Stop(0), ms(10)), [Action::End(0)]);
        assert_eq!(machine.on(Event::Exited(0, Ended(0)), ms(20)), []);
        assert_eq!(machine.on(Event::Start(0), ms(30)), [Action::Start(0)]);
        assert_eq!(machine.on(Event::Restart(0), ms(40)), [Action::End(0)]);
        assert_eq!(
            machine.on(Event::Exited(0, Ended(143)), ms(50)),
            [Action::Start(0)]
        );
        assert!(machine.is_running(0) && !machine.is_running(1));
    }

    proptest! {
        /// Whatever happened before, leaving ends when all that runs has ended.
        #[test]
        fn leaving_always_comes_to_an_end(events in prop::collection::vec((0usize..7, 0usize..4), 0..60)) {
            let mut machine = machine();
            let mut now = Duration::ZERO;
            for (kind, unit) in events {
                now += ms(150);
                let event = match kind {
                    0 => Event::Begin,
                    1 => Event::Reachable,
                    2 => Event::Exited(unit, Ended(1)),
                    3 => Event::Start(unit),
                    4 => Event::Stop(unit),
                    5 => Event::Restart(unit),
                    _ => Event::Tick,
                };
                machine.on(event, now);
            }
            let mut left = machine.on(Event::Leave, now).contains(&Action::Left);
            for _ in 0..20 {
                if left { break; }
                now = machine.next().unwrap_or(now).max(now) + ms(1);
                let mut actions = machine.on(Event::Tick, now);
                for unit in 0..4 {
                    if machine.is_running(unit) && actions.contains(&Action::Kill(unit)) {
                        let more = machine.on(Event::Exited(unit, Ended(137)), now);
                        actions.extend(more);
                    }
                }
                left = actions.contains(&Action::Left);
            }
            prop_assert!(left);
        }
    }
}

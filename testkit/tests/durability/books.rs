//! What was promised and what came: the books of both queues, and what they find wrong.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use beanpole_testkit::sqs::Received;

fn open<T>(books: &Mutex<T>) -> MutexGuard<'_, T> {
    books.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The standard queue's.
#[derive(Default)]
pub struct Books(Mutex<Pages>);

#[derive(Default)]
struct Pages {
    sent: HashSet<String>,
    received: HashSet<String>,
    /// When a delete was acknowledged.
    deleted: HashMap<String, Instant>,
    faults: Vec<String>,
}

impl Books {
    pub fn sent(&self, body: String) {
        open(&self.0).sent.insert(body);
    }

    /// `asked`: when the call that brought it began.
    pub fn received(&self, body: &str, asked: Instant) {
        let mut pages = open(&self.0);
        if let Some(deleted) = pages.deleted.get(body)
            && asked > *deleted
        {
            let late = asked - *deleted;
            pages.faults.push(format!(
                "{body} was received {late:?} after its delete was acknowledged"
            ));
        }
        pages.received.insert(body.to_owned());
    }

    pub fn deleted(&self, body: &str) {
        open(&self.0)
            .deleted
            .entry(body.to_owned())
            .or_insert_with(Instant::now);
    }

    pub fn acknowledged(&self) -> usize {
        open(&self.0).sent.len()
    }

    pub fn missing(&self) -> usize {
        let pages = open(&self.0);
        pages.sent.difference(&pages.received).count()
    }

    pub fn some_missing(&self) -> Vec<String> {
        let pages = open(&self.0);
        pages.sent.difference(&pages.received).take(5).cloned().collect()
    }

    pub fn faults(&self) -> Vec<String> {
        open(&self.0).faults.clone()
    }
}

/// The FIFO queue's, group by group.
pub struct Order {
    visibility: Duration,
    groups: Mutex<BTreeMap<String, Group>>,
    faults: Mutex<Vec<String>>,
}

#[derive(Default)]
struct Group {
    /// Messages 0 up to this one are acknowledged.
    sent: usize,
    received: HashSet<usize>,
    /// Up to here a delete was at least tried: only what lies behind may come.
    deleting: HashSet<usize>,
    deleted: HashMap<usize, Instant>,
    /// In flight with somebody: until then nobody else may receive of the group.
    held: Option<Hold>,
    /// What happened last, for whoever has to understand a fault.
    story: VecDeque<String>,
}

struct Hold {
    messages: HashSet<usize>,
    until: Instant,
}

impl Order {
    pub fn new(visibility: Duration) -> Self {
        Self {
            visibility,
            groups: Mutex::default(),
            faults: Mutex::default(),
        }
    }

    pub fn sent(&self, group: &str, sequence: usize) {
        let mut groups = open(&self.groups);
        let group = groups.entry(group.to_owned()).or_default();
        group.sent = sequence + 1;
        group.tell(format!("{sequence} sent"));
    }

    pub fn received(&self, messages: &[Received], asked: Instant) {
        let now = Instant::now();
        let mut groups = open(&self.groups);
        let mut shares: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for message in messages {
            let (name, sequence) = parse(&message.body);
            shares.entry(name).or_default().push(sequence);
            let group = groups.entry(name.to_owned()).or_default();
            let receives = message.receives;
            group.tell(format!(
                "{sequence} received for the {receives}. time, asked for {:?} ago",
                now - asked
            ));
        }
        for (name, sequences) in shares {
            let group = groups.entry(name.to_owned()).or_default();
            let mut faults = group.came(&sequences, asked, now);
            group.held = Some(Hold {
                messages: sequences.iter().copied().collect(),
                // It began no earlier than it was asked for.
                until: asked + self.visibility,
            });
            for fault in &mut faults {
                *fault = format!("{name}{fault}; before: {:#?}", group.story);
            }
            open(&self.faults).append(&mut faults);
        }
    }

    pub fn deleting(&self, body: &str) {
        let (group, sequence) = parse(body);
        let mut groups = open(&self.groups);
        let group = groups.entry(group.to_owned()).or_default();
        group.deleting.insert(sequence);
        group.tell(format!("{sequence} about to be deleted"));
    }

    pub fn deleted(&self, body: &str) {
        let (group, sequence) = parse(body);
        let mut groups = open(&self.groups);
        let group = groups.entry(group.to_owned()).or_default();
        group.deleted.entry(sequence).or_insert_with(Instant::now);
        group.tell(format!("{sequence} deleted"));
    }

    pub fn acknowledged(&self) -> usize {
        open(&self.groups).values().map(|group| group.sent).sum()
    }

    pub fn missing(&self) -> usize {
        open(&self.groups)
            .values()
            .map(|group| group.missing().count())
            .sum()
    }

    pub fn some_missing(&self) -> Vec<String> {
        let groups = open(&self.groups);
        let some = |(name, group): (&String, &Group)| {
            let missing: Vec<usize> = group.missing().take(5).collect();
            (!missing.is_empty()).then(|| format!("{name}: {missing:?} of {}", group.sent))
        };
        groups.iter().filter_map(some).collect()
    }

    pub fn faults(&self) -> Vec<String> {
        open(&self.faults).clone()
    }
}

impl Group {
    fn tell(&mut self, what: String) {
        if self.story.len() == 60 {
            self.story.pop_front();
        }
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.story.push_back(format!("{:.3} {what}", at.as_secs_f64()));
    }

    fn missing(&self) -> impl Iterator<Item = usize> {
        (0..self.sent).filter(|sequence| !self.received.contains(sequence))
    }

    /// What is wrong about messages that came in this order.
    fn came(&mut self, sequences: &[usize], asked: Instant, now: Instant) -> Vec<String> {
        let mut faults = Vec::new();
        let mut before: Option<usize> = None;
        for &sequence in sequences {
            // What comes next is the first that nobody has tried to delete yet. One whose delete was tried
            // may come again, or not.
            let from = before.map_or(0, |before| before + 1);
            if let Some(next) = (from..sequence).find(|number| !self.deleting.contains(number)) {
                faults.push(format!(": {sequence} came where {next} was next"));
            }
            if before.is_some_and(|before| sequence <= before) {
                faults.push(format!(": {sequence} came after {before:?}"));
            }
            if let Some(deleted) = self.deleted.get(&sequence)
                && asked > *deleted
            {
                faults.push(format!(
                    ": {sequence} was received after its delete was acknowledged"
                ));
            }
            before = Some(sequence);
            self.received.insert(sequence);
        }
        if let Some(held) = &self.held
            && now < held.until
            && held
                .messages
                .iter()
                .any(|message| !self.deleting.contains(message))
        {
            let left = held.until - now;
            faults.push(format!(
                ": {sequences:?} came while others were in flight for another {left:?}"
            ));
        }
        faults
    }
}

fn parse(body: &str) -> (&str, usize) {
    let (group, sequence) = body.split_once('-').expect("a body of ours");
    (group, sequence.parse().expect("a body of ours"))
}

//! The life of an instance: what is decided in [`crate::machine`] is done here.

mod services;

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::ExitCode,
    sync::{
        Arc,
        mpsc::{self, Receiver, Sender},
    },
    thread,
    time::{Duration, Instant},
};

use beanpole_instance::PATH;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use signal_hook::{
    consts::{SIGCHLD, SIGINT, SIGTERM},
    iterator::Signals,
};

use crate::{
    GIVE_UP, command,
    control::{self, Question},
    first::{self, FirstError, Stage},
    get_config::State,
    logs::{Turning, copy},
    machine::{Action, Event, Kind, Machine},
    port::Listening,
    proxy::{self, Proxy},
    reaper::{Ended, Reaper},
    settings::{self, ProxyKind, Settings, SettingsError},
    unit::{self, Unit},
};

const LOGS: &str = "/var/log";
/// How often the proxy's log files are looked at, and what they may grow to.
const LOOK_AT_LOGS: Duration = Duration::from_secs(60);
const LARGEST_LOG: u64 = 10 << 20;
/// How long the end waits for output that is still on its way.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// What the loop hears of.
enum News {
    Exited(usize, Ended),
    /// The container has all that services need.
    Complete,
    /// The container is ready for its processes.
    Ready(Result<Option<Box<Proxy>>, Trouble>),
    Reachable,
    /// Postdeploy hooks are done.
    Served(Result<(), Trouble>),
    Asked(Question),
    Leave,
}

/// Why there will be no instance.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    First(#[from] FirstError),
    #[error("the configuration of the proxy cannot be written: {0}")]
    Proxy(std::io::Error),
    #[error("the configuration of {proxy} is refused: {said}")]
    ProxyRefused { proxy: &'static str, said: String },
    #[error("the service {name} of {file} cannot be started: {problem}")]
    Service {
        name: String,
        file: String,
        problem: String,
    },
    #[error("the instance cannot be set up: {0}")]
    Io(#[from] std::io::Error),
}

pub fn main() -> ExitCode {
    match Life::begin().map(Life::live) {
        Ok(code) => code,
        Err(trouble) => {
            eprintln!("beanpole: {trouble}");
            GIVE_UP.into()
        }
    }
}

struct Life {
    settings: Arc<Settings>,
    reaper: Arc<Reaper>,
    units: Vec<Unit>,
    /// Of each unit that runs.
    pids: BTreeMap<usize, u32>,
    /// Of each unit that ran: hears when its output has been copied to the end.
    outputs: BTreeMap<usize, Receiver<()>>,
    machine: Machine,
    began: Instant,
    tell: Sender<News>,
    news: Receiver<News>,
    proxy: Option<Box<Proxy>>,
    looked_at_logs: Instant,
    code: u8,
    /// Why it gives up.
    last_words: Option<String>,
}

impl Life {
    fn begin() -> Result<Self, Trouble> {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        let all: BTreeMap<String, String> = variables.collect();
        let settings = Settings::new(settings::read(Path::new(PATH))?, all.clone())?;
        State::of(&settings, &all).write()?;
        let (tell, news) = mpsc::channel();
        let reaper = Arc::new(Reaper::default());
        listen_to_signals(Arc::clone(&reaper), tell.clone())?;
        control::serve(tell.clone(), News::Asked)?;
        let units = unit::processes(&settings)?;
        let machine = Machine::new(units.iter().map(|unit| (unit.kind, unit.once)), settings.grace);
        Ok(Self {
            settings: Arc::new(settings),
            reaper,
            units,
            pids: BTreeMap::new(),
            outputs: BTreeMap::new(),
            machine,
            began: Instant::now(),
            tell,
            news,
            proxy: None,
            looked_at_logs: Instant::now(),
            code: 0,
            last_words: None,
        })
    }

    fn live(mut self) -> ExitCode {
        self.make_ready();
        loop {
            let wait = self
                .machine
                .next()
                .map_or(LOOK_AT_LOGS, |at| at.saturating_sub(self.began.elapsed()));
            let event = match self.news.recv_timeout(wait.min(LOOK_AT_LOGS)) {
                Ok(News::Exited(unit, ended)) => {
                    self.gone(unit, ended);
                    Event::Exited(unit, ended)
                }
                Ok(News::Complete) => match self.start_services() {
                    Ok(()) => Event::Tick,
                    Err(trouble) => self.give_up(&trouble),
                },
                Ok(News::Ready(Ok(proxy))) => {
                    self.ready(proxy);
                    Event::Begin
                }
                Ok(News::Ready(Err(trouble)) | News::Served(Err(trouble))) => self.give_up(&trouble),
                Ok(News::Served(Ok(()))) => {
                    self.open_gate();
                    Event::Tick
                }
                Ok(News::Reachable) => {
                    self.serve();
                    Event::Reachable
                }
                Ok(News::Asked(question)) => {
                    self.answer(&question);
                    Event::Tick
                }
                Ok(News::Leave) => Event::Leave,
                Err(_) => Event::Tick,
            };
            self.turn_logs();
            let actions = self.machine.on(event, self.began.elapsed());
            if self.act(actions) {
                self.hear_out();
                // Processes have said their own meanwhile, and the agent takes the last line for the reason. It goes
                // where theirs went, or it might be read before them.
                if let Some(words) = &self.last_words {
                    println!("beanpole: {words}");
                }
                return self.code.into();
            }
        }
    }

    /// Lets what has ended have its last words; what somebody left behind may hold an output open for ever.
    fn hear_out(&self) {
        let until = Instant::now() + LAST_WORDS;
        for copied in self.outputs.values() {
            let _ = copied.recv_timeout(until.saturating_duration_since(Instant::now()));
        }
    }

    fn give_up(&mut self, trouble: &Trouble) -> Event {
        println!("beanpole: {trouble}");
        self.last_words = Some(trouble.to_string());
        self.code = GIVE_UP;
        Event::Leave
    }

    fn take(&mut self, event: Event) {
        let actions = self.machine.on(event, self.began.elapsed());
        self.act(actions);
    }

    /// Answers whether it is over.
    fn act(&mut self, actions: Vec<Action>) -> bool {
        for action in actions {
            match action {
                Action::Start(unit) => self.start(unit),
                Action::End(unit) => {
                    let signal = signal(&self.units[unit].stop_signal);
                    self.signal(unit, signal, self.units[unit].signal_group);
                }
                Action::Kill(unit) => {
                    eprintln!(
                        "beanpole: {} did not end in time and is killed",
                        self.units[unit].name
                    );
                    self.signal(unit, Signal::KILL, true);
                }
                Action::NotReachable => eprintln!(
                    "beanpole: nothing takes connections on port {} yet, which the variable PORT tells the application to \
                     listen on",
                    self.settings.port
                ),
                Action::GiveUp(ended) => {
                    self.code = u8::try_from(ended.0).unwrap_or(1).max(1);
                    // Not through the machine, which waits for this answer.
                    let _ = self.tell.send(News::Leave);
                }
                Action::Left => return true,
            }
        }
        false
    }

    /// Late steps, container commands, hooks and the proxy's files, beside the loop: signals are heard meanwhile.
    fn make_ready(&self) {
        let (settings, reaper, tell) = (
            Arc::clone(&self.settings),
            Arc::clone(&self.reaper),
            self.tell.clone(),
        );
        thread::spawn(move || {
            let run = |stage| first::run(stage, &settings, &reaper, Path::new(LOGS));
            let ready = run(Stage::Late)
                .and_then(|()| {
                    let _ = tell.send(News::Complete);
                    run(Stage::Predeploy)
                })
                .map_err(Trouble::from)
                .and_then(|()| checked_proxy(&settings, &reaper))
                .map(|proxy| proxy.map(Box::new));
            let _ = tell.send(News::Ready(ready));
        });
    }

    fn ready(&mut self, proxy: Option<Box<Proxy>>) {
        if let Some(proxy) = &proxy {
            self.units.push(unit::proxy(proxy));
            self.machine.add(Kind::Proxy, false);
        }
        self.proxy = proxy;
        proxy::listening(&self.settings).tell(self.tell.clone(), News::Reachable);
    }

    /// Postdeploy hooks, once the proxy takes connections.
    fn serve(&self) {
        let (settings, reaper, tell) = (
            Arc::clone(&self.settings),
            Arc::clone(&self.reaper),
            self.tell.clone(),
        );
        thread::spawn(move || {
            if settings.proxy != ProxyKind::None {
                let (up, is_up) = mpsc::channel();
                Listening::Port(80).tell(up, ());
                let _ = is_up.recv();
            }
            let served = first::run(Stage::Postdeploy, &settings, &reaper, Path::new(LOGS));
            let _ = tell.send(News::Served(served.map_err(Trouble::from)));
        });
    }

    /// From now on everybody is answered.
    fn open_gate(&mut self) {
        let Some(proxy) = &mut self.proxy else { return };
        let Some(gate) = proxy.gate.take() else { return };
        let (name, reload) = (proxy.name, signal(proxy.reload_signal));
        if let Err(error) = fs::remove_file(&gate) {
            eprintln!("beanpole: {} cannot be removed: {error}", gate.display());
        }
        if let Some(unit) = self.units.iter().position(|unit| unit.name == name) {
            self.signal(unit, reload, false);
        }
    }

    fn start(&mut self, index: usize) {
        let unit = &self.units[index];
        match spawn(unit, index, &self.reaper, &self.tell) {
            Ok((pid, copied)) => {
                self.pids.insert(index, pid);
                self.outputs.insert(index, copied);
            }
            Err(error) => {
                let program = unit.program.argv.first().map_or("", String::as_str);
                eprintln!("beanpole: {} cannot be started: {program}: {error}", unit.name);
                // Not at once: the machine is at work.
                let _ = self.tell.send(News::Exited(index, Ended(127)));
            }
        }
    }

    /// Nothing of a process stays when it has ended, or the next one would find its port taken.
    fn gone(&mut self, index: usize, ended: Ended) {
        let unit = &self.units[index];
        if let Some(pid) = self.pids.remove(&index).and_then(pid)
            && unit.stop.is_none()
        {
            let _ = kill_process_group(pid, Signal::KILL);
        }
        if unit.kind != Kind::Process && !(unit.once && ended.0 == 0) {
            println!("beanpole: {} ended with {}", unit.name, ended.0);
        }
    }

    fn signal(&self, index: usize, signal: Signal, group: bool) {
        if let Some(pid) = self.pids.get(&index).copied().and_then(pid) {
            let _ = if group {
                kill_process_group(pid, signal)
            } else {
                kill_process(pid, signal)
            };
        }
    }

    /// The proxy writes its files itself: it is told when one was put aside.
    fn turn_logs(&mut self) {
        let Some(proxy) = &self.proxy else { return };
        if self.looked_at_logs.elapsed() < LOOK_AT_LOGS {
            return;
        }
        self.looked_at_logs = Instant::now();
        let is_large = |path: &&str| fs::metadata(path).is_ok_and(|facts| facts.len() > LARGEST_LOG);
        let large: Vec<&str> = proxy.logs.iter().copied().filter(is_large).collect();
        if large.is_empty() {
            return;
        }
        for path in large {
            crate::logs::put_aside(Path::new(path));
        }
        let reopen = signal(proxy.reopen_signal);
        if let Some(index) = self.units.iter().position(|unit| unit.kind == Kind::Proxy) {
            self.signal(index, reopen, false);
        }
    }
}

fn spawn(
    unit: &Unit,
    index: usize,
    reaper: &Arc<Reaper>,
    tell: &Sender<News>,
) -> std::io::Result<(u32, Receiver<()>)> {
    for program in &unit.before {
        command::run(reaper, program, Path::new(LOGS), &unit.log)?;
    }
    let (mut command, output) = unit.program.command()?;
    let child = reaper.spawn_telling(&mut command, tell.clone(), move |ended| {
        News::Exited(index, ended)
    });
    // Our end of the pipe: without it the output never ends.
    drop(command);
    let pid = child?.id();
    let mut turning = Turning::open(Path::new(LOGS), &unit.log);
    let (done, copied) = mpsc::channel();
    thread::spawn(move || {
        copy(output, &mut turning, None);
        let _ = done.send(());
    });
    Ok((pid, copied))
}

fn checked_proxy(settings: &Settings, reaper: &Reaper) -> Result<Option<Proxy>, Trouble> {
    let Some(proxy) = proxy::prepare(settings).map_err(Trouble::Proxy)? else {
        return Ok(None);
    };
    for log in proxy.logs {
        if let Some(folder) = Path::new(log).parent() {
            fs::create_dir_all(folder)?;
        }
    }
    let checked = command::run(reaper, &proxy.check, Path::new(LOGS), proxy.name)?;
    if checked.ended.0 == 0 {
        return Ok(Some(proxy));
    }
    Err(Trouble::ProxyRefused {
        proxy: proxy.name,
        said: checked.last.join("; "),
    })
}

fn listen_to_signals(reaper: Arc<Reaper>, tell: Sender<News>) -> std::io::Result<()> {
    let mut signals = Signals::new([SIGCHLD, SIGTERM, SIGINT])?;
    thread::spawn(move || {
        for signal in signals.forever() {
            match signal {
                SIGCHLD => reaper.reap(),
                _ => drop(tell.send(News::Leave)),
            }
        }
    });
    Ok(())
}

fn pid(raw: u32) -> Option<Pid> {
    Pid::from_raw(i32::try_from(raw).ok()?)
}

fn signal(name: &str) -> Signal {
    match name {
        "QUIT" => Signal::QUIT,
        "INT" => Signal::INT,
        "WINCH" => Signal::WINCH,
        "USR1" => Signal::USR1,
        "USR2" => Signal::USR2,
        "HUP" => Signal::HUP,
        _ => Signal::TERM,
    }
}

//! Services: those that run from the start, and what `service` and `systemctl` ask for later.

use std::{collections::BTreeSet, path::Path, time::Instant};

use super::{LOGS, Life, Trouble};
use crate::{
    command,
    control::{Answer, Question},
    machine::{Event, Kind},
    service::plain,
    spawn::Program,
    unit::{self, Unit},
};

impl Life {
    pub(super) fn start_services(&mut self) -> Result<(), Trouble> {
        let began = Instant::now();
        for name in unit::wanted_services(&self.settings) {
            match self.unit_of(&name) {
                Ok(unit) => self.take(Event::Start(unit)),
                Err(problem) => match unit::declared(&self.settings, &name) {
                    Some(service) => {
                        return Err(Trouble::Service {
                            name,
                            file: service.file.clone(),
                            problem,
                        });
                    }
                    None => println!("beanpole: {problem}"),
                },
            }
        }
        let services = self.settings.instance.services.iter();
        let files: BTreeSet<&str> = services
            .map(|service| service.file.as_str())
            .filter(|file| !file.is_empty())
            .collect();
        if let Some(server) = &self.settings.server {
            for file in files {
                server.took(file, "services", began.elapsed());
            }
        }
        Ok(())
    }

    /// The unit of this name, which may be one that nobody has asked for yet.
    fn unit_of(&mut self, name: &str) -> Result<usize, String> {
        let known = |units: &[Unit], name: &str| units.iter().position(|unit| unit.name == name);
        let plain = plain(name);
        // Whichever proxy there is, commands may ask for it by either name.
        if let Some(proxy) = self.proxy.as_ref().filter(|_| unit::PROXIES.contains(&plain)) {
            return known(&self.units, proxy.name).ok_or_else(|| format!("{plain} is not set up yet"));
        }
        if let Some(unit) = known(&self.units, plain) {
            return Ok(unit);
        }
        let unit = unit::service(plain, &self.settings).map_err(|error| error.to_string())?;
        if let Some(known) = known(&self.units, &unit.name) {
            return Ok(known);
        }
        let index = self.machine.add(Kind::Service, unit.once);
        self.units.push(unit);
        Ok(index)
    }

    pub(super) fn answer(&mut self, question: &Question) {
        let answer = match self.unit_of(&question.unit) {
            Ok(unit) => self.carry_out(&question.verb, unit),
            Err(text) => Answer { code: 5, text },
        };
        let _ = question.answer.send(answer);
    }

    fn carry_out(&mut self, verb: &str, unit: usize) -> Answer {
        let fine = Answer {
            code: 0,
            text: String::new(),
        };
        match verb {
            "start" => self.take(Event::Start(unit)),
            "stop" => {
                if let Some(stop) = self.units[unit].stop.clone() {
                    return self.script(unit, &stop);
                }
                self.take(Event::Stop(unit));
            }
            "restart" | "reload" | "reload-or-restart" | "try-restart" => {
                if let Some(stop) = self.units[unit].stop.clone() {
                    self.script(unit, &stop);
                }
                self.take(Event::Restart(unit));
            }
            _ => {
                let is_up = self.machine.is_running(unit);
                return Answer {
                    code: if is_up { 0 } else { 3 },
                    text: if is_up { "active" } else { "inactive" }.to_owned(),
                };
            }
        }
        fine
    }

    fn script(&self, unit: usize, program: &Program) -> Answer {
        match command::run(&self.reaper, program, Path::new(LOGS), &self.units[unit].log) {
            Ok(outcome) => Answer {
                code: u8::try_from(outcome.ended.0).unwrap_or(1),
                text: outcome.last.join("\n"),
            },
            Err(error) => Answer {
                code: 1,
                text: error.to_string(),
            },
        }
    }
}

//! Told scenarios whose whole course is recorded under `snapshots/`. After a wanted change:
//! `INSTA_UPDATE=always cargo test -p beanpole-planner`, then read the difference.

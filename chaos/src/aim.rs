//! Runs that are aimed at a planted bug, so that they are short.

use std::time::Duration;

use crate::fault::{Kind, Link};
use crate::mix::Mix;
use crate::options::Options;
use crate::planted::Bug;

/// How late a server starts again that starts late.
pub const SERVER_LATE: Duration = Duration::from_secs(5);
/// The time in which the server starts as late is not the worker's: nobody makes an event in it.
const WORKER_LATE: Duration = Duration::from_secs(12);

impl Bug {
    /// Aims a run at the bug, so that it is short.
    pub fn aim(self, options: &mut Options) {
        options.planted = Some(self);
        options.seconds = 3;
        options.still_s_max = 3;
        options.money_faults = Vec::new();
        options.events_faults = Vec::new();
        options.mix = Mix {
            hot_transfers: 20,
            ..Mix::NONE
        };
        match self {
            Self::SkipLookup => options.mix.agains = 20,
            Self::UnorderedLocks => {
                options.mix = Mix {
                    twins: 20,
                    ..options.mix
                }
            }
            Self::CommitLater => {
                // What is lost is what was answered between the last write to the disk and the
                // stop.
                options.money_faults = vec![Kind::StopPostgres; 3];
                options.pace.pause_ms = (800, 1_500);
            }
            Self::CursorFirst => {
                // Nearly a third of them kill the worker while events are on their way.
                options.events_faults = vec![Kind::Delay(Link::WorkerBroker); 8];
                options.pace.link_ms = (400, 800);
                // Else half of them kill the worker that stands by.
                options.has_others = false;
            }
            Self::CacheAnyVersion => options.mix.reads = 40,
            Self::AnswerAnyContent => options.mix.reuses = 20,
            Self::ExpireLate => {
                options.mix = Mix {
                    holds: 20,
                    hold_changes: 20,
                    ..options.mix
                }
            }
            Self::KeepLegs => options.mix.groups = 40,
            Self::StartLate => {
                options.money_faults = vec![Kind::KillServer];
                options.events_faults = vec![Kind::KillWorker];
                options.recovery_s_max = 2;
                options.server_late = SERVER_LATE;
                options.worker_late = WORKER_LATE;
                // Else others do the work meanwhile.
                options.has_others = false;
            }
            Self::OldGeneration => {
                options.mix.reads = 60;
                options.seconds = 12;
                // Once the cache is open, one server is cut off from what the other one reads.
                options.money_faults = vec![Kind::Cut(Link::ServerRedis); 4];
                options.pace.pause_ms = (2_500, 3_500);
            }
        }
    }
}

//! What each client does: an endless list of steps that follows from the seed and the client's
//! number.

use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use uuid::Uuid;

use crate::ask::{Ask, Item};
use crate::mix::Mix;
use crate::world::{NewUser, NewWallet, World, rng, uuid_of};

mod verbs;

use verbs::Known;

/// How far back a client comes back to its transfers.
const RECENT_MAX: usize = 40;

/// The way that a request takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Door {
    Http,
    Sql,
}

/// A transfer as its client wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// The idempotency key: a UUID, or any other text.
    pub key: String,
    pub source_id: Uuid,
    pub target_id: Uuid,
    pub amount: i64,
    pub reference: Option<String>,
}

/// One thing that a client does, to its end, before the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The same transfer through each of these doors at the same time.
    Transfer(Transfer, Vec<Door>),
    /// An earlier transfer once more.
    Again(Transfer, Door),
    /// An earlier key with another amount.
    Reuse(Transfer, Door),
    /// Asks what became of an earlier transfer.
    Look(Transfer),
    /// Reads a wallet: the source of the client's last transfer where none is named.
    Read(Option<Uuid>),
    Statement(Uuid),
    Wallet(NewWallet),
    User(NewUser),
    /// Several requests at the same time; the same one may be among them twice.
    Post(Vec<Ask>),
    /// Earlier ones once more.
    PostAgain(Ask),
    /// Asks what became of an earlier hold, reversal or the like.
    LookAt(Item),
    /// Asks what would become of it, by a dry run.
    TryOut(Ask),
    /// Asks what became of the group of a key.
    LookAtGroup(String),
    /// Lists a wallet's open holds.
    Holds(Uuid),
}

/// The steps of one client.
pub struct Script {
    rng: ChaCha8Rng,
    mix: Mix,
    world: World,
    /// The wallets that the client has made. Nobody else knows them.
    own: Vec<Uuid>,
    recent: Vec<Transfer>,
    known: Known,
}

impl Script {
    /// The script of a client.
    pub fn new(seed: u64, client: u64, mix: Mix) -> Self {
        Self {
            rng: rng(seed, 1_000 + client),
            mix,
            world: World::new(seed),
            own: Vec::new(),
            recent: Vec::new(),
            known: Known::default(),
        }
    }

    /// The next step, and the pause before it in milliseconds.
    pub fn draw(&mut self) -> (u64, Step) {
        let pause = self.rng.random_range(0..=self.mix.think_ms_max);
        (pause, self.step())
    }

    fn step(&mut self) -> Step {
        match self.choose_kind() {
            0 => Step::Transfer(self.any_transfer(), vec![Door::Http]),
            1 => Step::Transfer(self.hot_transfer(), vec![Door::Http]),
            2 => self.twins(),
            3 => Step::Transfer(self.any_transfer(), vec![Door::Sql]),
            4 => self.with_recent(Step::Again),
            5 => self.with_recent(|mut transfer, door| {
                transfer.amount += 1;
                Step::Reuse(transfer, door)
            }),
            6 => self.with_recent(|transfer, _| Step::Look(transfer)),
            7 => self.read(),
            8 => Step::Statement(self.some_wallet()),
            9 => self.new_wallet(),
            10 => Step::User(NewUser {
                id: uuid_of(&mut self.rng),
                name: format!("User {}", self.rng.random_range(0..1_000)),
            }),
            kind => self.verb(kind),
        }
    }

    fn choose_kind(&mut self) -> usize {
        let weights = self.mix.weights();
        let mut place = self.rng.random_range(0..weights.iter().sum());
        for (kind, weight) in weights.into_iter().enumerate() {
            if place < weight {
                return kind;
            }
            place -= weight;
        }
        unreachable!("the place is below the sum of the weights")
    }

    fn twins(&mut self) -> Step {
        let transfer = if self.rng.random_bool(0.5) {
            self.hot_transfer()
        } else {
            self.any_transfer()
        };
        let doors = *[
            &[Door::Http, Door::Http][..],
            &[Door::Http, Door::Http, Door::Http],
            &[Door::Http, Door::Sql],
            &[Door::Sql, Door::Sql],
        ]
        .choose(&mut self.rng)
        .expect("it is not empty");
        Step::Transfer(transfer, doors.to_vec())
    }

    fn with_recent(&mut self, step: impl Fn(Transfer, Door) -> Step) -> Step {
        let door = if self.rng.random_bool(0.6) {
            Door::Http
        } else {
            Door::Sql
        };
        match self.recent.choose(&mut self.rng).cloned() {
            Some(transfer) => step(transfer, door),
            None => Step::Transfer(self.any_transfer(), vec![door]),
        }
    }

    fn read(&mut self) -> Step {
        if self.rng.random_bool(0.6) {
            Step::Read(None)
        } else {
            Step::Read(Some(self.some_wallet()))
        }
    }

    fn new_wallet(&mut self) -> Step {
        let wallet = NewWallet {
            id: uuid_of(&mut self.rng),
            user_id: self.world.users[0],
            currency: "EUR",
            initial_balance: self.rng.random_range(0..2_000),
        };
        self.own.push(wallet.id);
        Step::Wallet(wallet)
    }

    fn any_transfer(&mut self) -> Transfer {
        let source = self.some_wallet();
        let target = self.other_wallet(source, Self::some_wallet);
        let amount = self.rng.random_range(1..400);
        self.transfer(source, target, amount)
    }

    fn hot_transfer(&mut self) -> Transfer {
        let source = self.hot_wallet();
        let target = self.other_wallet(source, Self::hot_wallet);
        let amount = self.rng.random_range(1..50);
        self.transfer(source, target, amount)
    }

    fn other_wallet(&mut self, than: Uuid, choose: impl Fn(&mut Self) -> Uuid) -> Uuid {
        loop {
            let wallet = choose(self);
            if wallet != than {
                return wallet;
            }
        }
    }

    fn hot_wallet(&mut self) -> Uuid {
        let hot = self.world.hot.choose(&mut self.rng);
        hot.expect("there are hot wallets").id
    }

    /// Any wallet that is there for sure; now and then a hot one or one of the client's own.
    fn some_wallet(&mut self) -> Uuid {
        match self.rng.random_range(0..10) {
            0 => self.hot_wallet(),
            1 if !self.own.is_empty() => *self.own.choose(&mut self.rng).expect("it is not empty"),
            _ => {
                let cold = self.world.cold.choose(&mut self.rng);
                cold.expect("there are cold wallets").id
            }
        }
    }

    fn key(&mut self) -> String {
        let id = uuid_of(&mut self.rng);
        if self.rng.random_bool(0.2) {
            format!("order {}", id.simple())
        } else {
            id.to_string()
        }
    }

    fn transfer(&mut self, source_id: Uuid, target_id: Uuid, amount: i64) -> Transfer {
        let transfer = Transfer {
            key: self.key(),
            source_id,
            target_id,
            amount,
            reference: self
                .rng
                .random_bool(0.3)
                .then(|| format!("note {}", self.rng.random_range(0..100))),
        };
        if self.recent.len() == RECENT_MAX {
            self.recent.remove(0);
        }
        self.recent.push(transfer.clone());
        transfer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(seed: u64, client: u64) -> Vec<(u64, Step)> {
        let mut script = Script::new(seed, client, Mix::STANDARD);
        (0..500).map(|_| script.draw()).collect()
    }

    #[test]
    fn the_seed_and_the_number_make_the_script() {
        assert_eq!(steps(7, 3), steps(7, 3));
        assert_ne!(steps(7, 3), steps(8, 3));
        assert_ne!(steps(7, 3), steps(7, 4));
    }

    #[test]
    fn a_script_has_steps_of_each_kind() {
        let kinds: std::collections::HashSet<_> = steps(1, 1)
            .iter()
            .map(|(_, step)| std::mem::discriminant(step))
            .collect();
        assert_eq!(kinds.len(), 14);
    }
}

//! How often each kind of step comes.

/// How often each kind of step comes, in proportion to the others.
#[derive(Debug, Clone, Copy)]
pub struct Mix {
    pub transfers: u32,
    pub hot_transfers: u32,
    pub twins: u32,
    pub sql_transfers: u32,
    pub agains: u32,
    pub reuses: u32,
    pub looks: u32,
    pub reads: u32,
    pub statements: u32,
    pub wallets: u32,
    pub users: u32,
    pub holds: u32,
    /// Captures, adjustments and releases.
    pub hold_changes: u32,
    pub reversals: u32,
    pub groups: u32,
    pub bulks: u32,
    /// An earlier hold, change, reversal, group or bulk once more.
    pub ask_agains: u32,
    /// What became of one.
    pub ask_looks: u32,
    /// Transfers under conditions, and of at most what there is.
    pub wishes: u32,
    pub dry_runs: u32,
    pub group_looks: u32,
    pub hold_lists: u32,
    /// The longest pause before a step.
    pub think_ms_max: u64,
}

impl Mix {
    /// Some of everything.
    pub const STANDARD: Self = Self {
        transfers: 30,
        hot_transfers: 14,
        twins: 10,
        sql_transfers: 6,
        agains: 7,
        reuses: 2,
        looks: 2,
        reads: 20,
        statements: 3,
        wallets: 3,
        users: 1,
        holds: 8,
        hold_changes: 12,
        reversals: 5,
        groups: 6,
        bulks: 2,
        ask_agains: 5,
        ask_looks: 2,
        wishes: 8,
        dry_runs: 3,
        group_looks: 2,
        hold_lists: 2,
        think_ms_max: 60,
    };

    /// Nothing at all, to be filled in.
    pub const NONE: Self = Self {
        transfers: 0,
        hot_transfers: 0,
        twins: 0,
        sql_transfers: 0,
        agains: 0,
        reuses: 0,
        looks: 0,
        reads: 0,
        statements: 0,
        wallets: 0,
        users: 0,
        holds: 0,
        hold_changes: 0,
        reversals: 0,
        groups: 0,
        bulks: 0,
        ask_agains: 0,
        ask_looks: 0,
        wishes: 0,
        dry_runs: 0,
        group_looks: 0,
        hold_lists: 0,
        think_ms_max: 20,
    };

    /// In the order of the script's kinds.
    pub fn weights(&self) -> [u32; 22] {
        [
            self.transfers,
            self.hot_transfers,
            self.twins,
            self.sql_transfers,
            self.agains,
            self.reuses,
            self.looks,
            self.reads,
            self.statements,
            self.wallets,
            self.users,
            self.holds,
            self.hold_changes,
            self.reversals,
            self.groups,
            self.bulks,
            self.ask_agains,
            self.ask_looks,
            self.wishes,
            self.dry_runs,
            self.group_looks,
            self.hold_lists,
        ]
    }
}

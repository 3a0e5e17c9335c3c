//! Inputs for parsers: good ones and odd ones, kept in tests/corpus, and what becomes of them when
//! bytes are lost, doubled, exchanged or made up.

use std::fs;
use std::path::PathBuf;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::place::repository;

/// Bytes that mean something to some parser.
const TELLING: &[u8] = b"\0\t\r\n \"\\{}[],:;%&=?/-_.+eE0179\x7f\x80\xc3\xed\xf4\xff";

/// One change of an input.
#[derive(Debug, Clone)]
enum Change {
    Replace(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Repeat(Index, usize),
    CutOff(Index),
}

/// All inputs of a folder of the corpus.
pub fn corpus(folder: &str) -> Vec<Vec<u8>> {
    let path = repository().join("tests/corpus").join(folder);
    let files = fs::read_dir(path).expect("the corpus has this folder");
    let mut paths: Vec<PathBuf> = files.map(|file| file.expect("a file").path()).collect();
    paths.sort();
    let inputs = paths.iter().map(|path| fs::read(path).expect("a file"));
    inputs.collect()
}

/// An input of the corpus, with a few changes or none; or anything at all.
pub fn input(folder: &str) -> impl Strategy<Value = Vec<u8>> + use<> {
    input_of(corpus(folder))
}

/// The same of these inputs.
pub fn input_of(inputs: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> + use<> {
    let changed = (select(inputs), vec(change(), 0..6))
        .prop_map(|(input, changes)| changes.into_iter().fold(input, apply));
    prop_oneof![9 => changed, 1 => vec(any::<u8>(), 0..300)]
}

fn change() -> impl Strategy<Value = Change> {
    let byte = || prop_oneof![select(TELLING), any::<u8>()];
    let place = any::<Index>;
    prop_oneof![
        (place(), byte()).prop_map(|(place, byte)| Change::Replace(place, byte)),
        (place(), vec(byte(), 1..8)).prop_map(|(place, bytes)| Change::Insert(place, bytes)),
        (place(), 1..40_usize).prop_map(|(place, length)| Change::Remove(place, length)),
        (place(), 1..300_usize).prop_map(|(place, length)| Change::Repeat(place, length)),
        place().prop_map(Change::CutOff),
    ]
}

fn apply(mut input: Vec<u8>, change: Change) -> Vec<u8> {
    let place = |index: Index| index.index(input.len() + 1);
    let to = |place: usize, length: usize| input.len().min(place + length);
    match change {
        Change::Replace(index, byte) => {
            let place = place(index);
            if let Some(old) = input.get_mut(place) {
                *old = byte;
            }
        }
        Change::Insert(index, bytes) => {
            let place = place(index);
            input.splice(place..place, bytes);
        }
        Change::Remove(index, length) => {
            let place = place(index);
            input.drain(place..to(place, length));
        }
        Change::Repeat(index, length) => {
            let place = place(index);
            let part = input[place..to(place, length)].to_vec();
            input.splice(place..place, part);
        }
        Change::CutOff(index) => input.truncate(place(index)),
    }
    input
}

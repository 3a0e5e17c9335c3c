//! What is asked for a proof, and its JSON (docs/proof.md).

use serde::{Serialize, Serializer};
use uuid::Uuid;

use crate::http::page::{digits, malformed, parameters, repeated};
use crate::http::problem::Problem;
use crate::types::TransferProof;

/// A proof.
#[derive(Serialize)]
pub struct ProofBody<'a> {
    ledger_id: i64,
    position: i64,
    event: EventBody<'a>,
    block: BlockBody<'a>,
    head: HeadBody<'a>,
}

#[derive(Serialize)]
struct EventBody<'a> {
    id: Uuid,
    #[serde(rename = "type")]
    kind: &'a str,
    subject_id: Uuid,
    time: i64,
    #[serde(with = "hex")]
    digest: &'a [u8],
    core: Option<&'a str>,
    labels: Option<&'a str>,
}

#[derive(Serialize)]
struct BlockBody<'a> {
    number: i64,
    position: i64,
    events: i32,
    time: i64,
    #[serde(serialize_with = "hashes")]
    event_path: &'a [Vec<u8>],
}

#[derive(Serialize)]
struct HeadBody<'a> {
    block: i64,
    position: i64,
    #[serde(with = "hex")]
    hash: &'a [u8],
    #[serde(serialize_with = "hashes")]
    block_path: &'a [Vec<u8>],
}

impl<'a> From<&'a TransferProof> for ProofBody<'a> {
    fn from(proof: &'a TransferProof) -> Self {
        Self {
            ledger_id: proof.ledger_id,
            position: proof.position,
            event: EventBody {
                id: proof.event_id,
                kind: &proof.event_type,
                subject_id: proof.transfer_id,
                time: proof.event_time,
                digest: &proof.digest,
                core: proof.core.as_deref(),
                labels: proof.labels.as_deref(),
            },
            block: BlockBody {
                number: proof.block,
                position: proof.block_position,
                events: proof.block_events,
                time: proof.block_time,
                event_path: &proof.event_path,
            },
            head: HeadBody {
                block: proof.head_block,
                position: proof.head_position,
                hash: &proof.head_hash,
                block_path: &proof.block_path,
            },
        }
    }
}

fn hashes<S: Serializer>(hashes: &&[Vec<u8>], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(hashes.iter().map(hex::encode))
}

/// Reads `head` from a query string: over how many blocks of the log a head is. None: over all.
///
/// # Errors
/// Another parameter, a repeated one, or a value that is none.
pub fn head_block(query: Option<&str>) -> Result<Option<i64>, Problem> {
    let mut head = None;
    for (name, value) in parameters(query) {
        let block = digits(&value).filter(|block| *block >= 1);
        let block = block.ok_or_else(|| malformed("head is the number of a block, from 1."))?;
        if name != "head" {
            return Err(malformed("Allowed: head."));
        } else if head.replace(block).is_some() {
            return Err(repeated(&name));
        }
    }
    Ok(head)
}

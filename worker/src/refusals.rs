//! What the broker did not take of what was published.

use lapin::Confirmation;

use crate::error::Error;

/// What the broker did not take of a batch. Everything else is confirmed.
#[derive(Debug, Default)]
pub struct Refusals {
    /// Places in the batch that some queue had no room for, or could not store.
    pub nacked: Vec<usize>,
    /// What there was no queue for.
    pub returned: Vec<Returned>,
    /// The first place on which the broker has not decided, and why. Each message from there on may
    /// or may not have been taken.
    pub undecided: Option<(usize, Error)>,
}

/// A message that no queue was bound for.
#[derive(Debug)]
pub struct Returned {
    pub message_id: String,
    pub code: u16,
    pub text: String,
}

impl Refusals {
    /// Ok when everything was taken.
    ///
    /// # Errors
    /// What the broker did not decide on, or what it refused first.
    pub fn none(self) -> Result<(), Error> {
        if let Some((_, error)) = self.undecided {
            return Err(error);
        }
        if let Some(returned) = self.returned.first() {
            let Returned {
                message_id,
                code,
                text,
            } = returned;
            return Err(Error::Refused(format!("{code} {text} ({message_id})")));
        }
        match self.nacked.first() {
            Some(place) => Err(Error::Refused(format!(
                "not stored (number {place} of its batch)"
            ))),
            None => Ok(()),
        }
    }

    /// lapin hands a returned message to one of the confirms that arrive with its own, not always
    /// to its own: which message it was is told by its id alone.
    pub fn add(&mut self, place: usize, confirmation: Confirmation) {
        if !matches!(confirmation, Confirmation::Ack(_)) {
            self.nacked.push(place);
        }
        if let Some(message) = confirmation.take_message() {
            let message_id = message.properties.message_id().as_ref();
            self.returned.push(Returned {
                message_id: message_id.map(ToString::to_string).unwrap_or_default(),
                code: message.reply_code,
                text: message.reply_text.to_string(),
            });
        }
    }

    /// The reason is the first one, or why the broker closed the channel, which a message that was
    /// on its way hears later than one that was still to be sent.
    pub fn fail(&mut self, place: usize, error: Error) {
        match &mut self.undecided {
            None => self.undecided = Some((place, error)),
            Some((_, first)) => {
                if first.channel_code().is_none() && error.channel_code().is_some() {
                    *first = error;
                }
            }
        }
    }
}

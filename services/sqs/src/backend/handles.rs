//! Receipts as text and back.
//!
//! The text carries a keyed hash over the receipt, so that no text which this installation did not
//! make is taken for a receipt.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::Mac;
use subtle::ConstantTimeEq;

use super::keys::{Keys, mac};
use crate::model::Receipt;

const PLAIN: usize = 20;
const TAG: usize = 16;

/// Makes and reads receipt handles.
#[derive(Clone, Debug)]
pub struct Handles {
    key: [u8; 32],
}

impl Handles {
    pub fn new(keys: &Keys) -> Self {
        Self {
            key: keys.derive("receipt handles", b""),
        }
    }

    pub fn write(&self, receipt: Receipt) -> String {
        let mut bytes = [0; PLAIN + TAG];
        bytes[..8].copy_from_slice(&receipt.queue.to_be_bytes());
        bytes[8..16].copy_from_slice(&receipt.message.to_be_bytes());
        bytes[16..PLAIN].copy_from_slice(&receipt.receive.to_be_bytes());
        let tag = self.tag(&bytes[..PLAIN]);
        bytes[PLAIN..].copy_from_slice(&tag);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// None for text that is no receipt handle of this installation.
    pub fn read(&self, text: &str) -> Option<Receipt> {
        let mut bytes = [0; PLAIN + TAG + 4];
        let length = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
        let (plain, tag) = bytes[..length].split_first_chunk::<PLAIN>()?;
        if !bool::from(self.tag(plain).as_slice().ct_eq(tag)) {
            return None;
        }
        let (queue, rest) = plain.split_first_chunk::<8>()?;
        let (message, rest) = rest.split_first_chunk::<8>()?;
        let receive = rest.first_chunk::<4>()?;
        Some(Receipt {
            queue: i64::from_be_bytes(*queue),
            message: i64::from_be_bytes(*message),
            receive: u32::from_be_bytes(*receive),
        })
    }

    fn tag(&self, plain: &[u8]) -> [u8; TAG] {
        let mut mac = mac(&self.key);
        mac.update(plain);
        let full = mac.finalize().into_bytes();
        let mut tag = [0; TAG];
        tag.copy_from_slice(&full[..TAG]);
        tag
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn handles() -> Handles {
        Handles::new(&Keys::new([7; 32]))
    }

    proptest! {
        #[test]
        fn receipts_survive_their_text(queue: i64, message: i64, receive: u32) {
            let receipt = Receipt { queue, message, receive };
            prop_assert_eq!(handles().read(&handles().write(receipt)), Some(receipt));
        }

        #[test]
        fn other_text_is_no_receipt(text in "\\PC{0,80}") {
            prop_assert_eq!(handles().read(&text), None);
        }
    }

    #[test]
    fn a_receipt_of_another_installation_or_with_a_changed_letter_is_none() {
        let receipt = Receipt {
            queue: 1,
            message: 2,
            receive: 3,
        };
        let text = Handles::new(&Keys::new([8; 32])).write(receipt);
        assert_eq!(handles().read(&text), None);
        let good = handles().write(receipt);
        let changed = good.replacen('A', "B", 1);
        assert_ne!(good, changed);
        assert_eq!(handles().read(&changed), None);
    }
}

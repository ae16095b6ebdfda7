//! What can be done to a good file.

use bolero::TypeGenerator;

/// One edit. Places and lengths are taken modulo what there is.
#[derive(Clone, Debug, TypeGenerator)]
pub(crate) enum Edit {
    /// Puts other bytes in the place of so many.
    Replace(u16, u8, Vec<u8>),
    /// Takes a piece out.
    Cut(u16, u16),
    /// Ends the file here.
    End(u16),
    /// Repeats a piece.
    Repeat(u16, u8, u8),
    /// Moves a piece to another place.
    Move(u16, u8, u16),
    /// Puts a word that has hurt readers before in the place of the rest of a line.
    Word(u16, u8),
    /// Puts such a word in between.
    Insert(u16, u8),
    /// Flips a bit.
    Flip(u16, u8),
}

impl Edit {
    /// Does it to `text`.
    pub(crate) fn apply(&self, text: &mut Vec<u8>, words: &[&str]) {
        let place = |at: &u16| usize::from(*at) % (text.len() + 1);
        let word = |which: &u8| words[usize::from(*which) % words.len()].bytes();
        let piece = |at: &u16, length: usize| place(at)..text.len().min(place(at) + length);
        match self {
            Self::Replace(at, length, bytes) => {
                let piece = piece(at, usize::from(*length));
                text.splice(piece, bytes.iter().copied());
            }
            Self::Cut(at, length) => {
                let piece = piece(at, usize::from(*length) % 512);
                text.drain(piece);
            }
            Self::End(at) => text.truncate(place(at)),
            Self::Repeat(at, length, times) => {
                let piece = text[piece(at, usize::from(*length))].to_vec();
                let at = place(at);
                text.splice(at..at, piece.repeat(usize::from(*times)));
            }
            Self::Move(from, length, to) => {
                let piece: Vec<u8> = text.drain(piece(from, usize::from(*length))).collect();
                let to = usize::from(*to) % (text.len() + 1);
                text.splice(to..to, piece);
            }
            Self::Word(at, which) => {
                let at = place(at);
                let rest = text[at..].iter().take_while(|byte| **byte != b'\n').count();
                text.splice(at..at + rest, word(which));
            }
            Self::Insert(at, which) => {
                let at = place(at);
                text.splice(at..at, word(which));
            }
            Self::Flip(at, bit) => {
                let at = place(at);
                if let Some(byte) = text.get_mut(at) {
                    *byte ^= 1 << (bit % 8);
                }
            }
        }
    }
}

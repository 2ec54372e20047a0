//! Frames: a length of four bytes, and as many bytes.
//!
//! Invariant: what a length says is judged before anything else, and memory is taken for what has come, never for what
//! is only announced.

use std::io;

use tokio_util::bytes::Buf as _;
use tokio_util::bytes::BufMut as _;
use tokio_util::bytes::Bytes;
use tokio_util::bytes::BytesMut;
use tokio_util::codec::Decoder;
use tokio_util::codec::Encoder;

const HEAD_BYTES: usize = 4;
/// Room that is made at once for a frame that has not come yet.
const MAX_AHEAD: usize = 64 << 10;

/// Cuts a stream into frames, and the other way round.
#[derive(Debug, Clone, Copy)]
pub struct Frames {
    /// A longer frame ends the connection.
    pub max_in: usize,
    /// A longer one is not sent.
    pub max_out: usize,
}

impl Decoder for Frames {
    type Item = Bytes;
    type Error = io::Error;

    fn decode(&mut self, bytes: &mut BytesMut) -> io::Result<Option<Bytes>> {
        let Some(head) = bytes.first_chunk::<HEAD_BYTES>() else { return Ok(None) };
        let n_bytes = u32::from_be_bytes(*head) as usize;
        if n_bytes > self.max_in {
            return Err(too_long(n_bytes, self.max_in));
        }
        let n_there = bytes.len() - HEAD_BYTES;
        if n_there < n_bytes {
            bytes.reserve((n_bytes - n_there).min(MAX_AHEAD));
            return Ok(None);
        }
        bytes.advance(HEAD_BYTES);
        Ok(Some(bytes.split_to(n_bytes).freeze()))
    }
}

impl Encoder<Bytes> for Frames {
    type Error = io::Error;

    fn encode(&mut self, frame: Bytes, out: &mut BytesMut) -> io::Result<()> {
        let Some(n_bytes) = u32::try_from(frame.len()).ok().filter(|_| frame.len() <= self.max_out) else {
            return Err(too_long(frame.len(), self.max_out));
        };
        out.reserve(HEAD_BYTES + frame.len());
        out.put_u32(n_bytes);
        out.put(frame);
        Ok(())
    }
}

fn too_long(n_bytes: usize, max: usize) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("a frame of {n_bytes} bytes is longer than {max}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_back_whole_however_they_are_cut() {
        let mut frames = Frames { max_in: 1 << 20, max_out: 1 << 20 };
        let sent = [Bytes::from_static(b""), Bytes::from_static(b"x"), Bytes::from(vec![7; 300_000])];
        let mut wire = BytesMut::new();
        for frame in &sent {
            frames.encode(frame.clone(), &mut wire).unwrap();
        }
        for step in [1, 3, 70_000] {
            let (mut came, mut found) = (BytesMut::new(), Vec::new());
            for piece in wire.chunks(step) {
                came.extend_from_slice(piece);
                while let Some(frame) = frames.decode(&mut came).unwrap() {
                    found.push(frame);
                }
            }
            assert_eq!(found, sent);
        }
    }

    #[test]
    fn a_length_is_not_believed() {
        let mut frames = Frames { max_in: 64 << 20, max_out: 10 };
        for head in [u32::MAX, (64 << 20) + 1] {
            assert!(frames.decode(&mut BytesMut::from(&head.to_be_bytes()[..])).is_err());
        }
        let mut announced = BytesMut::from(&(64_u32 << 20).to_be_bytes()[..]);
        assert_eq!(frames.decode(&mut announced).unwrap(), None);
        assert!(announced.capacity() < 1 << 20, "{} bytes for a frame that never came", announced.capacity());
        assert!(frames.encode(Bytes::from_static(b"longer than ten"), &mut BytesMut::new()).is_err());
    }
}

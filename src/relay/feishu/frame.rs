//! What goes over the long connection: one protobuf (proto2) `pbbp2.Frame` in each binary message.
//!
//! The fields are those of the official SDKs (`ws/pb/pbbp2_pb2.py`, `pbbp2.pb.go`); required ones are written
//! also when they are zero, because the official parsers reject a frame without them.

use prost::Message as _;

/// `method` of pings, pongs and the like.
pub const CONTROL: i32 = 0;
/// `method` of events and callbacks.
pub const DATA: i32 = 1;

/// Header: what kind of frame this is.
pub const TYPE: &str = "type";
/// Header: which message this is a part of.
pub const MESSAGE_ID: &str = "message_id";
/// Header: how many parts the message has.
pub const SUM: &str = "sum";
/// Header: which part this is, from zero.
pub const SEQ: &str = "seq";
/// Header of an answer: how long it took, in milliseconds.
pub const BIZ_RT: &str = "biz_rt";

#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Header {
    #[prost(string, required, tag = "1")]
    pub key: String,
    #[prost(string, required, tag = "2")]
    pub value: String,
}

#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Frame {
    #[prost(uint64, required, tag = "1")]
    pub seq_id: u64,
    #[prost(uint64, required, tag = "2")]
    pub log_id: u64,
    #[prost(int32, required, tag = "3")]
    pub service: i32,
    #[prost(int32, required, tag = "4")]
    pub method: i32,
    #[prost(message, repeated, tag = "5")]
    pub headers: Vec<Header>,
    #[prost(string, optional, tag = "6")]
    pub payload_encoding: Option<String>,
    #[prost(string, optional, tag = "7")]
    pub payload_type: Option<String>,
    #[prost(bytes = "vec", optional, tag = "8")]
    pub payload: Option<Vec<u8>>,
    #[prost(string, optional, tag = "9")]
    pub log_id_new: Option<String>,
}

impl Frame {
    /// The sign of life that the server expects.
    pub fn ping(service: i32) -> Self {
        let mut frame = Self { service, method: CONTROL, ..Self::default() };
        frame.add(TYPE, "ping");
        frame
    }

    /// Reads one; the error says only where it broke, never what stood there.
    pub fn read(bytes: &[u8]) -> Result<Self, prost::DecodeError> {
        Self::decode(bytes)
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.encode_to_vec()
    }

    /// The first header of this name.
    pub fn header(&self, key: &str) -> Option<&str> {
        self.headers.iter().find(|header| header.key == key).map(|header| header.value.as_str())
    }

    pub fn add(&mut self, key: &str, value: impl Into<String>) {
        self.headers.push(Header { key: key.to_owned(), value: value.into() });
    }

    /// A header that is a number; one that is absent has its default, one that is no number is none.
    pub fn number(&self, key: &str, default: u32) -> Option<u32> {
        self.header(key).map_or(Some(default), |value| value.trim().parse().ok())
    }

    /// The same frame as an answer.
    #[must_use]
    pub fn answered(mut self, payload: Vec<u8>, took_ms: u128) -> Self {
        self.add(BIZ_RT, took_ms.to_string());
        self.payload = Some(payload);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ping_has_every_required_field_though_they_are_zero() {
        // 1: 0, 2: 0, 3: 7, 4: 0, 5: {1: "type", 2: "ping"}
        let expected = [
            0x08, 0, 0x10, 0, 0x18, 7, 0x20, 0, 0x2a, 12, 0x0a, 4, b't', b'y', b'p', b'e', 0x12, 4, b'p', b'i', b'n',
            b'g',
        ];
        assert_eq!(Frame::ping(7).bytes(), expected);
        assert_eq!(Frame::read(&expected).unwrap(), Frame::ping(7));
    }

    #[test]
    fn an_answer_is_the_same_frame_with_one_more_header() {
        let mut frame = Frame { seq_id: 3, log_id: 4, service: 5, method: DATA, ..Frame::default() };
        frame.add(TYPE, "event");
        frame.log_id_new = Some("x".into());
        frame.payload_type = Some("json".into());
        let answer = frame.clone().answered(b"{}".to_vec(), 12);
        assert_eq!(answer.header(BIZ_RT), Some("12"));
        assert_eq!(Frame { payload: None, headers: answer.headers[..1].to_vec(), ..answer }, frame);
    }

    #[test]
    fn numbers_are_lenient_about_absence_and_strict_about_the_rest() {
        let mut frame = Frame::default();
        assert_eq!(frame.number(SUM, 1), Some(1));
        frame.add(SUM, "3");
        frame.add(SEQ, "-1");
        assert_eq!(frame.number(SUM, 1), Some(3));
        assert_eq!(frame.number(SEQ, 0), None);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            if let Ok(frame) = Frame::read(&bytes) {
                proptest::prop_assert_eq!(Frame::read(&frame.bytes()).unwrap(), frame);
            }
        }
    }
}

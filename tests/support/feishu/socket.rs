//! The long connection's other end.

use std::sync::Arc;
use std::time::Instant;

use adjutant::relay::feishu::frame;
use adjutant::relay::feishu::frame::Frame;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Response;
use futures_util::SinkExt as _;
use futures_util::StreamExt as _;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::Ack;
use super::Pongs;
use super::SERVICE;
use super::Shared;
use super::State;
use super::lint;

/// Lets a client in that was given this address, once.
pub fn open(shared: &Arc<Shared>, mut request: Request) -> Response {
    let query = request.uri().query().unwrap_or_default().to_owned();
    let is_known = shared.with(|state| state.tickets.iter().find(|ticket| query.contains(*ticket)).cloned());
    let Some(ticket) = is_known else {
        shared.with(|state| state.complain(format!("a connection with an address that is not good any more: {query}")));
        return (StatusCode::BAD_REQUEST, [("Handshake-Status", "514"), ("Handshake-Msg", "ticket")]).into_response();
    };
    shared.with(|state| state.tickets.remove(&ticket));
    let key = request.headers().get("sec-websocket-key").cloned();
    let (Some(key), Some(upgrade)) = (key, request.extensions_mut().remove::<OnUpgrade>()) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let shared = Arc::clone(shared);
    tokio::spawn(async move {
        let Ok(upgraded) = upgrade.await else { return };
        let socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, None).await;
        serve(&shared, socket).await;
    });
    let accept = derive_accept_key(key.as_bytes());
    let headers = [("connection", "Upgrade"), ("upgrade", "websocket"), ("sec-websocket-accept", accept.as_str())];
    (StatusCode::SWITCHING_PROTOCOLS, headers).into_response()
}

async fn serve(shared: &Arc<Shared>, socket: WebSocketStream<TokioIo<hyper::upgrade::Upgraded>>) {
    let (mut sink, mut stream) = socket.split();
    let (sender, mut outbox) = mpsc::unbounded_channel();
    let mine = shared.with(|state| {
        state.n_connections += 1;
        state.n_pings = 0;
        state.socket = Some(sender);
        state.n_connections
    });
    loop {
        tokio::select! {
            message = stream.next() => match message {
                Some(Ok(Message::Binary(bytes))) => {
                    let reply = shared.with(|state| took(state, &bytes));
                    if let Some(reply) = reply && sink.send(Message::binary(reply.bytes())).await.is_err() { break }
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(Message::Text(text))) => shared.with(|state| state.complain(format!("a text message: {text}"))),
                Some(Ok(_)) => {}
            },
            message = outbox.recv() => match message {
                Some(message) => {
                    let is_close = message.is_close();
                    if sink.send(message).await.is_err() || is_close { break }
                }
                None => break,
            },
        }
    }
    shared.with(|state| {
        if state.n_connections == mine {
            state.socket = None;
        }
    });
}

/// Takes a frame of the client's; gives what is answered at once.
fn took(state: &mut State, bytes: &[u8]) -> Option<Frame> {
    let Ok(frame) = Frame::read(bytes) else {
        state.complain("a frame that cannot be read");
        return None;
    };
    match frame.method {
        frame::CONTROL => pinged(state, &frame),
        frame::DATA => {
            answered(state, &frame);
            None
        }
        other => {
            state.complain(format!("a frame of method {other}"));
            None
        }
    }
}

fn pinged(state: &mut State, frame: &Frame) -> Option<Frame> {
    if *frame != Frame::ping(SERVICE) && (frame.header(frame::TYPE) != Some("ping") || frame.service != SERVICE) {
        state.complain(format!("a wrong ping: {frame:?}"));
    }
    state.n_pings += 1;
    let mut pong = Frame { service: SERVICE, method: frame::CONTROL, ..Frame::default() };
    pong.add(frame::TYPE, "pong");
    match &state.pongs {
        Pongs::Plain => Some(pong),
        Pongs::With(payload) => Some(Frame { payload: Some(payload.clone().into_bytes()), ..pong }),
        Pongs::Never => None,
    }
}

fn answered(state: &mut State, frame: &Frame) {
    let Some(pushed) = state.pushed.get_mut(&frame.seq_id) else {
        return state.complain(format!("an answer to what was not pushed, or not whole: {frame:?}"));
    };
    if pushed.ack.is_some() {
        return state.complain("a push was answered twice");
    }
    match lint::acknowledgement(pushed, frame) {
        Ok((code, data)) => {
            let after = Instant::now().duration_since(pushed.sent);
            pushed.ack = Some(Ack { code, data, after });
        }
        Err(why) => state.complain(why),
    }
}

"""The official SDK of Feishu, made to talk to the stand-in: `listen` or `call` URL APP_ID APP_SECRET."""

import io
import json
import sys

import lark_oapi as lark
from lark_oapi.api.im.v1 import *
from lark_oapi.event.callback.model.p2_card_action_trigger import P2CardActionTriggerResponse

verb, url, app_id, app_secret = sys.argv[1:]
client = lark.Client.builder().app_id(app_id).app_secret(app_secret).domain(url).build()


def send(text, uuid):
    body = (
        CreateMessageRequestBody.builder()
        .receive_id("ou_user").msg_type("text").content(json.dumps({"text": text})).uuid(uuid).build()
    )
    request = CreateMessageRequest.builder().receive_id_type("open_id").request_body(body).build()
    return client.im.v1.message.create(request)


def listen():
    def on_message(data):
        message, sender = data.event.message, data.event.sender
        text = json.loads(message.content)["text"]
        words = [message.message_id, message.chat_id, sender.sender_id.open_id, data.header.tenant_key, text]
        response = send(" ".join(words), message.message_id)
        assert response.success(), response.msg

    def on_press(data):
        event = data.event
        text = f"{event.action.value['rid']} of {event.operator.open_id} in {event.context.open_message_id}"
        return P2CardActionTriggerResponse({"toast": {"type": "info", "content": text}})

    handler = (
        lark.EventDispatcherHandler.builder("", "")
        .register_p2_im_message_receive_v1(on_message)
        .register_p2_card_action_trigger(on_press)
        .build()
    )
    lark.ws.Client(app_id, app_secret, event_handler=handler, domain=url).start()


def call():
    card = {"schema": "2.0", "config": {"update_multi": True}, "body": {"elements": [{"tag": "markdown", "content": "x"}]}}
    body = (
        CreateMessageRequestBody.builder()
        .receive_id("ou_user").msg_type("interactive").content(json.dumps(card)).uuid("u1").build()
    )
    request = CreateMessageRequest.builder().receive_id_type("open_id").request_body(body).build()
    sent, again = client.im.v1.message.create(request), client.im.v1.message.create(request)
    assert sent.success() and again.success(), (sent.msg, again.msg)
    message_id = sent.data.message_id

    body = ReplyMessageRequestBody.builder().msg_type("text").content('{"text":"re"}').uuid("u2").build()
    reply = client.im.v1.message.reply(ReplyMessageRequest.builder().message_id(message_id).request_body(body).build())
    assert reply.success(), reply.msg

    def patch(of):
        body = PatchMessageRequestBody.builder().content(json.dumps(card)).build()
        return client.im.v1.message.patch(PatchMessageRequest.builder().message_id(of).request_body(body).build())

    assert patch(message_id).success()
    gone = patch("om_never")

    body = CreateFileRequestBody.builder().file_type("stream").file_name("a.txt").file(io.BytesIO(b"hello")).build()
    file = client.im.v1.file.create(CreateFileRequest.builder().request_body(body).build())
    assert file.success(), file.msg
    body = CreateImageRequestBody.builder().image_type("message").image(io.BytesIO(b"\x89PNG")).build()
    image = client.im.v1.image.create(CreateImageRequest.builder().request_body(body).build())
    assert image.success(), image.msg

    request = GetMessageResourceRequest.builder().message_id("om_1").file_key("file_1").type("file").build()
    resource = client.im.v1.message_resource.get(request)
    assert resource.success(), resource.msg

    emoji = Emoji.builder().emoji_type("OnIt").build()
    body = CreateMessageReactionRequestBody.builder().reaction_type(emoji).build()
    request = CreateMessageReactionRequest.builder().message_id(message_id).request_body(body).build()
    reaction = client.im.v1.message_reaction.create(request)
    assert reaction.success(), reaction.msg

    request = lark.BaseRequest.builder().http_method(lark.HttpMethod.GET).uri("/open-apis/bot/v3/info")
    bot = client.request(request.token_types({lark.AccessTokenType.TENANT}).build())
    print(json.dumps({
        "sent": [message_id, sent.data.chat_id],
        "again": again.data.message_id,
        "gone": gone.code,
        "file_key": file.data.file_key,
        "image_key": image.data.image_key,
        "downloaded": resource.file.read().decode(),
        "reaction": reaction.data.reaction_id,
        "bot": json.loads(bot.raw.content)["bot"]["open_id"],
    }))


{"listen": listen, "call": call}[verb]()

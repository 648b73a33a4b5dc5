"""Addresses of everything about texts."""

from django.urls import path, register_converter
from django.urls.converters import UUIDConverter

from sms import webhooks
from sms.views import (
    compose,
    erase,
    everything,
    groups,
    inbox,
    log,
    one_off,
    pause,
    reply,
    review,
    saved,
    second_try,
    steering,
    try_out,
    why,
)

app_name = "sms"


class Token(UUIDConverter):
    """A UUID without its dashes."""

    regex = "[0-9a-f]{32}"

    def to_url(self, value: object) -> str:
        return str(value)


register_converter(Token, "token")

urlpatterns = [
    path("sms/", groups.group_list, name="group_list"),
    path("sms/new/", compose.new, name="compose"),
    path("sms/log/", log.log, name="log"),
    path("sms/log/export/", log.export, name="log_export"),
    path("sms/inbox/", inbox.inbox, name="inbox"),
    path("sms/inbox/<int:reply_id>/", reply.reply, name="reply"),
    path("sms/inbox/<int:reply_id>/answer/", reply.answer, name="answer"),
    path("sms/inbox/<int:reply_id>/mark/", reply.mark, name="mark"),
    path("sms/inbox/<int:reply_id>/person/", reply.assign, name="assign"),
    path("sms/inbox/<int:reply_id>/refusal/", inbox.refusal, name="refusal"),
    path("sms/inbox/<int:reply_id>/not-an-opt-out/", inbox.not_an_opt_out, name="not_an_opt_out"),
    path("sms/resume/", pause.resume, name="resume"),
    path("sms/patients/<int:patient_id>/text/", one_off.one_off, name="one_off"),
    path("sms/message/<int:message_id>/why/", why.why, name="why"),
    # About patients, but with their texts, of which `patients` knows nothing.
    path("patients/<int:patient_id>/everything/", everything.page, name="everything"),
    path("patients/<int:patient_id>/everything.json", everything.download, name="everything_json"),
    path("patients/<int:patient_id>/erase/", erase.erase, name="erase"),
    path("sms/<uuid:group_id>/edit/", compose.edit, name="edit"),
    path("sms/<uuid:group_id>/discard/", compose.discard, name="discard"),
    path("sms/<uuid:group_id>/review/", review.review, name="review"),
    path("sms/<uuid:group_id>/review/people/", review.people, name="review_people"),
    path("sms/<uuid:group_id>/review/people/<int:patient_id>/", review.untick, name="untick"),
    path("sms/<uuid:group_id>/try-out/", try_out.to_own_phone, name="try_out"),
    path("sms/<uuid:group_id>/", groups.detail, name="group_detail"),
    path("sms/<uuid:group_id>/progress/", groups.progress, name="progress"),
    path("sms/<uuid:group_id>/send-again/", second_try.send_again, name="send_again"),
    path("sms/<uuid:group_id>/pause/", steering.pause, name="group_pause"),
    path("sms/<uuid:group_id>/resume/", steering.resume, name="group_resume"),
    path("sms/<uuid:group_id>/stop/", steering.stop, name="stop"),
    path("sms/<uuid:group_id>/back-to-draft/", steering.back_to_draft, name="back_to_draft"),
    path("sms/<uuid:group_id>/people/", groups.people, name="group_people"),
    path("sms/<uuid:group_id>/people.csv", groups.download, name="group_csv"),
    path("sms/saved/", saved.saved_texts, name="saved_texts"),
    path("sms/saved/new/", saved.new, name="saved_text_new"),
    path("sms/saved/<int:text_id>/", saved.edit, name="saved_text"),
    path("sms/saved/<int:text_id>/delete/", saved.delete, name="saved_text_delete"),
    path("webhooks/twilio/status/<token:token>/", webhooks.status, name="twilio_status"),
    path("webhooks/twilio/inbound/", webhooks.reply, name="twilio_inbound"),
]

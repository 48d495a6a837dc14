"""Use cases of forms. Nobody is asked who they are: the token is all that counts, and what it opens is a form."""

from __future__ import annotations

from uuid import UUID

from kit import clock
from kit.events import outbox
from kit.ids import new_id
from kit.records import audit_added
from kit.work import Work, system_work
from services.customer.accounts import service as accounts
from services.customer.accounts.models import Account
from services.customer.cases import service as cases
from services.customer.cases.enums import CaseKind
from services.customer.cases.schemas import CaseCreate
from services.customer.events_out.surveys import SurveyAnswered
from services.customer.satisfaction import service as satisfaction
from services.customer.slas.enums import Severity
from services.customer.survey_forms.schemas import SurveyFormAnswer, SurveyFormAnswered, SurveyFormRead, SurveyScaleRead
from services.customer.surveys import service as surveys
from services.customer.surveys.enums import SurveyFormState
from services.customer.surveys.models import Answer, Invitation, Survey
from services.customer.surveys.rules import (
    SCALES,
    AlreadyAnswered,
    check_score,
    check_values,
    is_detractor,
    level_of,
    twelfths_of,
)
from services.customer.surveys.schemas import SurveyQuestionBody


async def read_form(work: Work, token: str) -> SurveyFormRead:
    """What a token opens, as often as it is asked; raises NotFound, InvitationExpired."""
    invitation, survey = await surveys.form_of(work, token)
    state = SurveyFormState.OPEN
    try:
        surveys.check_open(invitation, clock.now())
    except AlreadyAnswered:
        state = SurveyFormState.ANSWERED
    scale = SCALES.get(survey.kind)
    return SurveyFormRead(
        name=survey.name,
        kind=survey.kind,
        state=state,
        score=SurveyScaleRead(least=scale[0], most=scale[1]) if scale else None,
        questions=[SurveyQuestionBody.model_validate(one) for one in survey.questions],
        expires_at=invitation.expires_at,
    )


async def answer_form(work: Work, token: str, data: SurveyFormAnswer) -> SurveyFormAnswered:
    """Take the answer of an invitation, once. A detractor opens a case.

    Raises NotFound, AlreadyAnswered, InvitationExpired, ScoreOutOfRange, Invalid.
    """
    invitation, survey = await surveys.form_of(work, token)
    now = clock.now()
    surveys.check_open(invitation, now)
    choices = {key: given for key, given in data.answers.items() if isinstance(given, int)}
    texts = {key: given for key, given in data.answers.items() if isinstance(given, str)}
    check_score(survey.kind, data.score)
    check_values([one.asked for one in survey.questions], choices, texts)
    await surveys.take_invitation(work, invitation, now)
    system = system_work(work.tx, work.service, work.settings)
    account = await accounts.get_account(system, invitation.account_id)
    case_id = await _feedback(system, survey, invitation, account, data)
    answer = Answer(
        id=new_id(),
        invitation_id=invitation.id,
        owner_id=account.seen_by,
        kind=survey.kind,
        score=data.score,
        twelfths=twelfths_of(survey.kind, data.score),
        choices=choices,
        texts=texts,
        comment=data.comment or None,
        case_id=case_id,
        business_date=system.today,
        answered_at=now,
        **invitation.model_dump(
            include={"survey_id", "contact_id", "account_id", "order_id", "product_line", "promotion_id"}
        ),
    )
    await surveys.add_answer(system, answer)
    await _say(system, answer, account)
    if answer.twelfths is not None:
        await satisfaction.mark(system, account.id)
    return SurveyFormAnswered(state=SurveyFormState.ANSWERED, answered_at=now)


async def _feedback(
    work: Work, survey: Survey, invitation: Invitation, account: Account, data: SurveyFormAnswer
) -> UUID | None:
    """Open the case of a detractor; an archived account takes none."""
    if not is_detractor(survey.kind, data.score) or account.is_archived:
        return None
    body = CaseCreate(
        kind=CaseKind.FEEDBACK,
        subject=f"{survey.kind.upper()} {data.score}: {survey.name}"[:200],
        description=data.comment or None,
        severity=Severity.MEDIUM,
        account_id=account.id,
        contact_id=invitation.contact_id,
        order_id=invitation.order_id,
    )
    return (await cases.create_case(work, body)).case.id


async def _say(work: Work, answer: Answer, account: Account) -> None:
    level = level_of(answer.twelfths, 1) if answer.twelfths is not None else None
    said = SurveyAnswered.of(answer, stream_key=account.stream_key, level=level)
    await outbox.say(work, [(said, 1)])
    kept = answer.model_dump(mode="json", include={"survey_id", "contact_id", "account_id", "score", "case_id"})
    await audit_added(work, "survey_answer", answer.id, kept)

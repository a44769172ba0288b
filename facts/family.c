/*
 * family.c: the table of families, and the finding of their marks.
 *
 * One row a family and class. A mark is a phrase of that mail system's own
 * wording, as its sources, its manual or its mail show it, in lower case with
 * single blanks; never a whole message, and never what a site may have
 * written into it. A new family is a new row.
 *
 * All text marks are found in one pass over the folded text: where a word
 * begins, the next four bytes say by a small table whether any mark can.
 */
#include "facts/family.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"
#include "facts/notice.h"

const struct family families[] = {
	/* Mail servers that wrote their own text before RFC 1894, or still do. */
	{ .name = "exim",
	  .seen = "Exim 4.96 src/moan.c, deliver.c; tests/data/notifications/exim",
	  .class = FACTS_FAILED,
	  .weight = FAMILY_SIGNATURE,
	  .header = { "X-Failed-Recipients" },
	  .subject = { "mail delivery failed", "mail failure -" },
	  .text = { "this message was created automatically by mail delivery software",
		    "a message that you sent could not be delivered to one or more",
		    "a message that you sent could not be delivered to all",
		    "a message that you have sent could not be delivered to",
		    "a message that you sent contained one or more recipient addresses that were",
		    "a message that you sent was rejected by the local scanning code" } },
	{ .name = "exim",
	  .seen = "Exim 4.96 src/deliver.c; tests/data/notifications/exim/delaywarn.eml",
	  .class = FACTS_DELAYED,
	  .weight = FAMILY_SIGNATURE,
	  .subject = { "warning: message" },
	  .text = { "a message that you sent has not yet been delivered to",
		    "the address to which the message has not yet been delivered is",
		    "the addresses to which the message has not yet been delivered are",
		    "the message has not yet been delivered to the following addresses" } },
	{ .name = "postfix",
	  .seen = "Postfix 3.7 bounce(5) default template; tests/data/notifications/postfix",
	  .class = FACTS_FAILED,
	  .weight = FAMILY_SIGNATURE,
	  .subject = { "undelivered mail returned to sender", "postmaster copy: undelivered mail" },
	  .text = { "i'm sorry to have to inform you that your message could not be delivered",
		    "i'm sorry to have to inform you that the message returned below could not",
		    "i'm sorry to have to inform you that your message could not" } },
	{ .name = "postfix",
	  .seen = "Postfix 3.7 bounce(5) default template; tests/data/notifications/postfix",
	  .class = FACTS_DELAYED,
	  .weight = FAMILY_SIGNATURE,
	  .subject = { "delayed mail (still being retried)", "postmaster warning: delayed mail" },
	  .text = { "this is a warning only. you do not need to resend your message",
		    "your message could not be delivered for more than" } },
	{ .name = "sendmail",
	  .seen = "Sendmail 8.17 sendmail/savemail.c; tests/data/notifications/sendmail",
	  .class = FACTS_FAILED,
	  .weight = FAMILY_SIGNATURE,
	  .subject = { "returned mail:", "postmaster notify:" },
	  .text = { "the following addresses had permanent fatal errors",
		    "the following addresses had permanent delivery errors",
		    "the following addresses had delivery problems",
		    "the following addresses had delivery errors",
		    "the following addresses had fatal errors", "no message collected" } },
	{ .name = "sendmail",
	  .seen = "Sendmail 5.65 and 8.6: transcript without a list of addresses",
	  .class = FACTS_FAILED,
	  .weight = FAMILY_COMMON,
	  .text = { "transcript of session follows" } },
	{ .name = "sendmail",
	  .seen = "Sendmail 8.17 sendmail/savemail.c; "
		  "tests/data/notifications/sendmail/delaywarn.eml",
	  .class = FACTS_DELAYED,
	  .weight = FAMILY_SIGNATURE,
	  .subject = { "warning: could not send message for past",
		       "warning--could not send mail for past" },
	  .text = { "this is a warning message only", "you do not need to resend your message",
		    "the following addresses had transient non-fatal errors" } },
	{ .name = "qmail",
	  .seen = "qmail 1.03 qmail-send.c; QSBMF, cr.yp.to/proto/qsbmf.txt",
	  .class = FACTS_FAILED,
	  .weight = FAMILY_SIGNATURE,
	  .subject = { "failure notice" },
	  .text = { "this is the qmail-send program at",
		    "i'm afraid i wasn't able to deliver your message",
		    "i'm afraid i wasn't able to deliver the following message",
		    "i was not able to deliver your message to the following",
		    "i tried to deliver a bounce message to this address",
		    "this is a permanent error; i've given up. sorry it didn't work out" } },
	{ .name = "courier",
	  .seen = "Courier courier/doc/dsnfailed.txt, dsndelayed.txt",
	  .class = FACTS_FAILED,
	  .weight = FAMILY_SIGNATURE,
	  .subject = { "notice: mail delivery status" },
	  .text = { "your message to the following recipients cannot be delivered",
		    "undeliverable mail your message to" } },
	{ .name = "courier",
	  .seen = "Courier courier/doc/dsndelayed.txt",
	  .class = FACTS_DELAYED,
	  .weight = FAMILY_SIGNATURE,
	  .subject = { "warning: delayed mail", "notice: delayed mail" },
	  .text = { "delayed mail your message to the following recipients has been delayed",
		    "your message to the following recipients has been delayed" } },
	{ .name = "opensmtpd",
	  .seen = "OpenSMTPD 6.8 smtpd/bounce.c; tests/data/notifications/opensmtpd",
	  .class = FACTS_FAILED,
	  .weight = FAMILY_SIGNATURE,
	  .subject = { "delivery status notification: error",
		       "delivery status notification: failed" },
	  .text = { "an error has occurred while attempting to deliver a message for" } },
	{ .name = "opensmtpd",
	  .seen = "OpenSMTPD 6.8 smtpd/bounce.c; tests/data/notifications/opensmtpd",
	  .class = FACTS_DELAYED,
	  .weight = FAMILY_SIGNATURE,
	  .subject = { "delivery status notification: warning",
		       "delivery status notification: delayed" },
	  .text = { "please note that this is only a temporary failure report",
		    "a message is delayed for more than" } },
	{ .name = "dma",
	  .seen = "DragonFly Mail Agent mail.c, bounce()",
	  .class = FACTS_FAILED,
	  .weight = FAMILY_SIGNATURE,
	  .text = { "this is the dragonfly mail agent",
		    "there was an error delivering your mail to" } },
	{ .name = "james",
	  .seen = "Apache James, mailet DSNBounce and Bounce",
	  .class = FACTS_FAILED,
	  .weight = FAMILY_SIGNATURE,
	  .subject = { "[bounce]" },
	  .text = { "this is the james mail server at",
		    "below i include the list of recipients and the reason why i was unable" } },
	{ .name = "zmailer",
	  .seen = "ZMailer, PMDF and Sun Messaging Server notification texts",
	  .class = FACTS_FAILED,
	  .weight = FAMILY_SIGNATURE,
	  .subject = { "delivery notification: delivery has failed",
		       "delivery notification: delivery has timed out" },
	  .text = { "your message cannot be delivered to the following recipients",
		    "processing your mail message caused the following errors",
		    "this report relates to a message you sent with the following header "
		    "fields" } },
	{ .name = "zmailer",
	  .seen = "Sun Messaging Server notification texts, warning",
	  .class = FACTS_DELAYED,
	  .weight = FAMILY_SIGNATURE,
	  .subject = { "delivery notification: delivery has been delayed" },
	  .text = { "your message has been enqueued and undeliverable for" } },
	{ .name = "mmdf",
	  .seen = "MMDF, University of Kent and smail texts",
	  .class = FACTS_FAILED,
	  .weight = FAMILY_SIGNATURE,
	  .subject = { "mail failed, returning to sender", "delivery report (failure)" },
	  .text = { "message log follows", "failed addresses follow", "failed recipients",
		    "your message was not delivered to the following",
		    "message not delivered to the following" } },

	/* Microsoft. */
	{ .name = "exchange",
	  .seen = "Exchange 4.0-5.5 IMC and IMS; shared/facts/iis-exchange.md",
	  .class = FACTS_FAILED,
	  .weight = FAMILY_SIGNATURE,
	  .header = { "X-MS-Embedded-Report" },
	  .subject = { "undeliverable:" },
	  .text = { "did not reach the following recipient(s)",
		    "your message did not reach some or all of the intended recipients",
		    "the following recipient(s) could not be reached",
		    "the following recipients could not be reached",
		    "did not reach the following recipient" } },
	{ .name = "exchange",
	  .seen = "Exchange 2007 to Microsoft 365; shared/facts/iis-exchange.md",
	  .class = FACTS_FAILED,
	  .weight = FAMILY_SIGNATURE,
	  .header = { "X-MS-Exchange-Message-Is-Ndr" },
	  .text = { "delivery has failed to these recipients or distribution lists",
		    "delivery has failed to these recipients or groups",
		    "delivery failed to these recipients",
		    "diagnostic information for administrators",
		    "wasn't delivered to anyone because", "couldn't be delivered to" } },
	{ .name = "exchange",
	  .seen = "Exchange 2007 to 365, warning",
	  .class = FACTS_DELAYED,
	  .weight = FAMILY_SIGNATURE,
	  .subject = { "delivery delayed:" },
	  .text = { "delivery to these recipients or distribution lists has been delayed",
		    "delivery to these recipients or groups is delayed",
		    "this message hasn't been delivered yet",
		    "this message has not yet been delivered. microsoft exchange will continue" } },
	{ .name = "exchange",
	  .seen = "Exchange 2007 to 365, localized subjects; shared/facts/iis-exchange.md",
	  .class = FACTS_FAILED,
	  .weight = FAMILY_COMMON,
	  .subject = { "unzustellbar:", "non remis", "non recapitabile:", "onbestelbaar:",
		       "não é possível entregar", "no se puede entregar:", "nie można dostarczyć",
		       "kan inte levereras", "kan ikke leveres", "undeliverable mail" },
	  .text = { "fehler bei der zustellung an folgende", "échec de la remise à ces",
		    "error en la entrega a estos", "recapito non riuscito",
		    "bezorging aan deze geadresseerden of groepen is mislukt",
		    "falha na entrega a estes" } },
	{ .name = "iis",
	  .seen = "IIS 5-8 SMTP service, Exchange 2000-2003; shared/facts/iis-exchange.md",
	  .class = FACTS_FAILED,
	  .weight = FAMILY_SIGNATURE,
	  .subject = { "delivery status notification (failure)" },
	  .text = { "delivery to the following recipients failed",
		    "delivery to the following recipient failed",
		    "delivery to the following recipients was aborted",
		    "delevery to the following recipients" } },
	{ .name = "iis",
	  .seen = "IIS SMTP service, warning; Gmail up to 2016",
	  .class = FACTS_DELAYED,
	  .weight = FAMILY_SIGNATURE,
	  .subject = { "delivery status notification (delay)",
		       "delivery status notification (mail delivery delayed)",
		       "mail delivery status notification (delay)" },
	  .text = { "delivery to the following recipients has been delayed",
		    "delivery to the following recipient has been delayed" } },

	/* Groupware. */
	{ .name = "domino",
	  .seen = "Lotus Domino 5-9 router and SMTP MTA 1.2, 4.6",
	  .class = FACTS_FAILED,
	  .weight = FAMILY_SIGNATURE,
	  .subject = { "delivery failure:", "undeliverable message" },
	  .text = { "was not delivered to:", "not listed in domino directory",
		    "not listed in public name & address book", "failure reasons" } },
	{ .name = "groupwise",
	  .seen = "Novell GroupWise Internet Agent 5-8",
	  .class = FACTS_FAILED,
	  .weight = FAMILY_SIGNATURE,
	  .subject = { "message status - undeliverable" },
	  .text = { "the message that you sent was undeliverable to the following" } },
	{ .name = "mdaemon",
	  .seen = "Alt-N MDaemon 3-9, Imail SMTP32, MailEnable, hMailServer, LSMTP",
	  .class = FACTS_FAILED,
	  .weight = FAMILY_SIGNATURE,
	  .header = { "X-Mailer: <SMTP32" },
	  .subject = { "permanent delivery failure", "message delivery failure",
		       "mdaemon notification" },
	  .text = { "the attached message had permanent fatal delivery errors",
		    "mailenable: message could not be delivered",
		    "rcpt to generated following response", "invalid final delivery userid",
		    "there is no user by that name at this server",
		    "the following address(es) had permanent fatal errors",
		    "a list of the affected recipient" } },
	{ .name = "mdaemon",
	  .seen = "Alt-N MDaemon, warning",
	  .class = FACTS_DELAYED,
	  .weight = FAMILY_SIGNATURE,
	  .text = { "the attached message had transient",
		    "the attached message has been delayed" } },

	/* Large providers. */
	{ .name = "gmail",
	  .seen = "Gmail, Google Workspace and Google Groups",
	  .class = FACTS_FAILED,
	  .weight = FAMILY_SIGNATURE,
	  .text = { "technical details of permanent failure", "your message wasn't delivered to",
		    "the group you tried to contact", "message blocked your message to" } },
	{ .name = "gmail",
	  .seen = "Gmail, warning",
	  .class = FACTS_DELAYED,
	  .weight = FAMILY_SIGNATURE,
	  .text = { "technical details of temporary failure", "message will be retried for",
		    "there was a temporary problem delivering your message",
		    "gmail will retry for" } },
	{ .name = "yahoo",
	  .seen = "Yahoo! Mail, AOL, SBC, Prodigy, since 2000",
	  .class = FACTS_FAILED,
	  .weight = FAMILY_SIGNATURE,
	  .subject = { "failure delivery", "failed delivery" },
	  .text = { "sorry, we were unable to deliver your message to the following",
		    "unable to deliver message to the following address",
		    "your mail to the following recipients could not be delivered",
		    "user's mailbox is full" } },
	{ .name = "ocn",
	  .seen = "Japanese providers: au one net, ezweb, Biglobe; m-FILTER gateway",
	  .class = FACTS_FAILED,
	  .weight = FAMILY_SIGNATURE,
	  .header = { "X-Mailer: m-FILTER" },
	  .subject = { "mail system error - returned mail", "メールエラー通知" },
	  .text = { "each of the following recipients was rejected by a remote mail server",
		    "the user(s) account is disabled", "could not be delivered to: <" } },

	/* Gateways. */
	{ .name = "interscan",
	  .seen = "Trend Micro InterScan VirusWall and Messaging Security Suite",
	  .class = FACTS_FAILED,
	  .weight = FAMILY_SIGNATURE,
	  .subject = { "mail could not be delivered" },
	  .text = { "message from interscan", "the following mail could not be delivered",
		    "unable to deliver message to <" } },
	{ .name = "mimecast",
	  .seen = "Mimecast",
	  .class = FACTS_FAILED,
	  .weight = FAMILY_SIGNATURE,
	  .subject = { "[postmaster] email delivery failure" },
	  .text = { "an email that you attempted to send to the following address could not",
		    "this is a delivery failure notification message" } },
	{ .name = "mailmarshal",
	  .seen = "MailMarshal SMTP, SurfControl E-mail Filter",
	  .class = FACTS_FAILED,
	  .weight = FAMILY_SIGNATURE,
	  .text = { "the following recipients were affected",
		    "the following recipients did not receive your message",
		    "when we attempted to deliver it, the destination server said" } },
	{ .name = "gateway",
	  .seen = "a gateway that does not name itself; from memory of its mail",
	  .class = FACTS_FAILED,
	  .weight = FAMILY_SIGNATURE,
	  .subject = { "there was an error sending your mail" },
	  .text = { "we had trouble delivering your message" } },
	{ .name = "mailfoundry",
	  .seen = "MailFoundry appliance",
	  .class = FACTS_FAILED,
	  .weight = FAMILY_SIGNATURE,
	  .subject = { "message delivery has failed" },
	  .text = { "unable to deliver message to:", "delivery failed for the following reason" } },
	{ .name = "barracuda",
	  .seen = "Barracuda Spam Firewall, amavisd-new and other content filters",
	  .class = FACTS_FAILED,
	  .weight = FAMILY_SIGNATURE,
	  .subject = { "**message you sent blocked by our bulk email filter**",
		       "considered unsolicited bulk email, apparently from you",
		       "undeliverable mail, mta-blocked" },
	  .text = { "your message to:", "has been blocked by our spam filter",
		    "the message wasn't delivered to the following" } },
	{ .name = "sieve",
	  .seen = "Dovecot Pigeonhole: reject (RFC 5429 2.1), quota exceeded",
	  .class = FACTS_FAILED,
	  .weight = FAMILY_SIGNATURE,
	  .header = { "Auto-Submitted: auto-replied (rejected)" },
	  .subject = { "automatically rejected mail" },
	  .text = { "was automatically rejected", "has been automatically rejected" } },
	{ .name = "cdo",
	  .seen = "Microsoft CDO for Windows 2000: mail agents written in scripts",
	  .class = FACTS_FAILED,
	  .weight = FAMILY_SIGNATURE,
	  .subject = { "non-delivery:", "non-delivery report" },
	  .text = { "non-delivery report" } },
	{ .name = "mms",
	  .seen = "Verizon Wireless, Vtext and other gateways to telephones",
	  .class = FACTS_FAILED,
	  .weight = FAMILY_SIGNATURE,
	  .subject = { "message could not be delivered to mobile" },
	  .text = { "message could not be delivered to mobile",
		    "no valid recipients for this mm" } },
	{ .name = "list",
	  .seen = "fml, ezmlm, Majordomo, LISTSERV: a post that was not taken",
	  .class = FACTS_FAILED,
	  .weight = FAMILY_COMMON,
	  .text = { "you are not a member of this mailing list",
		    "i'm afraid i can't accept your message",
		    "your message could not be distributed",
		    "you are not allowed to post to this mailing list" } },

	/* What everybody writes. */
	{ .name = "english",
	  .seen = "wording common to many systems",
	  .class = FACTS_FAILED,
	  .weight = FAMILY_COMMON,
	  .subject = { "undeliver", "delivery failure", "delivery failed", "mail delivery fail",
		       "mail delivery problem", "returned mail", "non-delivery", "non delivery",
		       "nondeliverable mail", "message could not be delivered", "failed mail",
		       "mail not delivered" },
	  .text = { "could not be delivered", "cannot be delivered", "can not be delivered",
		    "was not delivered", "has not been delivered", "unable to deliver",
		    "undeliverable", "delivery failed", "delivery has failed", "delivery failure",
		    "could not deliver", "failed permanently" } },
	{ .name = "english",
	  .seen = "wording common to many systems",
	  .class = FACTS_FAILED,
	  .weight = FAMILY_COMMON,
	  .subject = { "mail system error", "email delivery error", "mail error",
		       "processing error", "could not be delivered", "delivery report",
		       "delivery status", "delivery notification", "message undeliverable",
		       "user unknown", "mail failure", "delivery error" },
	  .text = { "unknown user", "user unknown", "no such user", "user not found",
		    "mailbox is full", "mailbox unavailable", "quota exceeded", "over quota",
		    "has been returned because", "returned because it", "not a valid user",
		    "undelivered" } },
	{ .name = "english",
	  .seen = "wording common to many systems",
	  .class = FACTS_FAILED,
	  .weight = FAMILY_COMMON,
	  .text = { "delivery problems", "delivery errors", "delivery error", "not be reached",
		    "not been delivered", "did not exactly match", "address is wrong",
		    "no longer valid", "unknown recipient", "recipient not found", "user's mailbox",
		    "mailbox full" } },
	{ .name = "english",
	  .seen = "wording common to many systems",
	  .class = FACTS_DELAYED,
	  .weight = FAMILY_SIGNATURE,
	  .subject = { "message delayed", "mail delivery warning", "delayed mail",
		       "warning. mail delayed", "delivery delayed", "mail delayed",
		       "warning: message has not yet been delivered", "warning: message delayed",
		       "message delivery delayed" },
	  .text = { "has not yet been delivered", "has been delayed", "delivery is delayed",
		    "delivery attempts will continue", "we will continue to try to deliver",
		    "will continue to attempt delivery", "will continue trying to deliver",
		    "has been postponed", "this is just a warning", "you do not need to re-send",
		    "no action is required on your part", "message is delayed" } },

	{ .name = "english",
	  .seen = "wording common to many systems",
	  .class = FACTS_DELAYED,
	  .weight = FAMILY_SIGNATURE,
	  .text = { "notification about a delay", "there is no need to resend",
		    "you do not need to resend", "have not yet received your message",
		    "server will continue trying", "will keep trying to deliver",
		    "delivery will be retried", "will be retried until", "is still being retried",
		    "delivery attempts will be continued" } },

	/* Other languages; lower case as inside of a sentence. */
	{ .name = "german",
	  .seen = "GMX, 1&1, T-Online, Exchange, Domino",
	  .class = FACTS_FAILED,
	  .weight = FAMILY_COMMON,
	  .subject = { "unzustellbar", "zustellung fehlgeschlagen", "nicht zustellbar",
		       "mail konnte nicht zugestellt werden", "fehler bei der zustellung" },
	  .text = { "nicht zugestellt werden", "unzustellbar", "nicht zustellbar",
		    "konnte nicht ausgeliefert werden", "zustellung fehlgeschlagen",
		    "empfänger unbekannt", "unbekannter empfänger" } },
	{ .name = "german",
	  .seen = "GMX, Exchange: warnings",
	  .class = FACTS_DELAYED,
	  .weight = FAMILY_SIGNATURE,
	  .subject = { "zustellung verzögert" },
	  .text = { "noch nicht zugestellt", "zustellung verzögert", "verzögerte zustellung" } },
	{ .name = "french",
	  .seen = "Exchange, Orange, Wanadoo, La Poste, hand-written",
	  .class = FACTS_FAILED,
	  .weight = FAMILY_COMMON,
	  .subject = { "non remis", "non distribu", "échec de la remise", "message non délivr",
		       "retour de message", "utilisateur non recens" },
	  .text = { "n'a pas pu être", "n'a pas pu etre", "n'ont pas pu être", "n'a pas été délivr",
		    "n'a pas été remis", "utilisateur inconnu", "adresse inconnue", "non remis",
		    "impossible de remettre", "utilisateur non recens", "destinataire inconnu" } },
	{ .name = "spanish",
	  .seen = "Exchange, Terra, prima.com.ar",
	  .class = FACTS_FAILED,
	  .weight = FAMILY_COMMON,
	  .subject = { "no se puede entregar", "no se pudo entregar", "mensaje no entregado",
		       "correo no entregado" },
	  .text = { "no pudo ser entregado", "no se pudo entregar", "no se puede entregar",
		    "no ha podido ser entregado", "no ha sido entregado", "usuario desconocido" } },
	{ .name = "italian",
	  .seen = "Exchange, Libero, Tiscali",
	  .class = FACTS_FAILED,
	  .weight = FAMILY_COMMON,
	  .subject = { "non recapitabile", "mancata consegna", "mancato recapito" },
	  .text = { "non è stato recapitato", "non è stato possibile", "impossibile recapitare",
		    "impossibile consegnare", "mancata consegna", "non è stato consegnato",
		    "utente sconosciuto" } },
	{ .name = "portuguese",
	  .seen = "Exchange, UOL, Terra",
	  .class = FACTS_FAILED,
	  .weight = FAMILY_COMMON,
	  .subject = { "não é possível entregar", "falha na entrega", "mensagem não entregue" },
	  .text = { "não pôde ser entregue", "nao pode ser en", "não foi possível entregar",
		    "não foi entregue", "falha na entrega", "usuário desconhecido" } },
	{ .name = "dutch",
	  .seen = "Exchange, XS4ALL",
	  .class = FACTS_FAILED,
	  .weight = FAMILY_COMMON,
	  .subject = { "onbestelbaar", "niet bezorgd" },
	  .text = { "niet worden bezorgd", "niet worden afgeleverd", "onbestelbaar",
		    "niet afgeleverd", "kan niet worden bezorgd" } },
	{ .name = "nordic",
	  .seen = "Exchange: Swedish, Danish, Norwegian, Finnish",
	  .class = FACTS_FAILED,
	  .weight = FAMILY_COMMON,
	  .subject = { "kan inte levereras", "kan ikke leveres", "uleverbar", "ei voi toimittaa" },
	  .text = { "kunde inte levereras", "kunne ikke leveres", "kan inte levereras",
		    "kan ikke leveres", "ei voitu toimittaa", "gick inte att leverera" } },
	{ .name = "slavic",
	  .seen = "Mail.Ru, Yandex, Exchange, Seznam, wp.pl",
	  .class = FACTS_FAILED,
	  .weight = FAMILY_COMMON,
	  .subject = { "не доставлен", "недоставленное сообщение", "не удается доставить",
		       "nelze doručit", "nie dostarczono" },
	  .text = { "не может быть доставлен", "не доставлен", "не удалось доставить",
		    "не было доставлен", "не могло быть доставлен", "пользователь не найден",
		    "nie może zostać dostarczona", "nie został", "nebyla doruč", "nelze doručit",
		    "nem kézbesíthető", "teslim edilemedi" } },
	{ .name = "japanese",
	  .seen = "au one net, ezweb, OCN, Biglobe, Exchange, m-FILTER",
	  .class = FACTS_FAILED,
	  .weight = FAMILY_COMMON,
	  .subject = { "配信できません", "配送できません", "送信できません", "配信不能",
		       "送信エラー", "メールエラー", "メッセージを配信できません" },
	  .text = { "送信できませんでした", "配信できませんでした", "配送できませんでした",
		    "送信に失敗しました", "送信失敗", "配信に失敗しました", "配信不能",
		    "届けることができません", "メールを送信できません", "宛先に対して配送" } },
	{ .name = "chinese",
	  .seen = "Sina, NetEase, Tencent, Exchange, xinnetdns",
	  .class = FACTS_FAILED,
	  .weight = FAMILY_COMMON,
	  .subject = { "退信", "邮件投递失败", "系统退信", "投递失败", "無法傳遞", "无法投递",
		       "邮件传送失败" },
	  .text = { "无法投递", "投递失败", "被退回", "无法发送到", "無法傳遞", "无法送达", "退信",
		    "无法传送到", "無法遞送" } },
	{ .name = "korean",
	  .seen = "Exchange, Naver, Daum",
	  .class = FACTS_FAILED,
	  .weight = FAMILY_COMMON,
	  .subject = { "배달되지 않음", "전송 실패", "배달 실패" },
	  .text = { "전송되지 못했습니다", "배달할 수 없", "배달하지 못했", "전달되지 못했" } },

	/* Machines that answer people. */
	{ .name = "challenge",
	  .seen = "Boxbe, TMDA, ASK, SpamArrest, Spam Interceptor: challenge-response",
	  .class = FACTS_AUTO_REPLY,
	  .weight = FAMILY_SIGNATURE,
	  .text = { "guest list so your messages", "add yourself to my boxbe",
		    "to my boxbe guest list", "click the link below to be added",
		    "message has been waitlisted", "this is a one-time automated message",
		    "please confirm your message", "your message is being held",
		    "reply to this message to confirm", "verify that you are a real person",
		    "in order to have your message delivered" } },
	{ .name = "vacation",
	  .seen = "Outlook, Exchange and web mailers: the subject they all write",
	  .class = FACTS_AUTO_REPLY,
	  .weight = FAMILY_SIGNATURE,
	  .subject = { "automatic reply:", "out of office autoreply", "automatische antwort",
		       "automatisch antwoord", "abwesenheitsnotiz", "réponse automatique",
		       "respuesta automática", "risposta automatica", "resposta automática",
		       "[automatyczna odpowiedź]", "odpowiedź automatyczna", "自动回复" } },
	{ .name = "vacation",
	  .seen = "vacation(1), Notes, GroupWise, Gmail, web mailers",
	  .class = FACTS_AUTO_REPLY,
	  .weight = FAMILY_COMMON,
	  .subject = { "auto reply", "auto-reply", "autoreply", "out of office",
		       "out of the office", "auto:", "autosvar", "abwesend", "автоответ",
		       "自動返信", "자동 회신", "thank you for your e" },
	  .text = { "i am out of the office", "i'm out of the office",
		    "i will be out of the office", "i am currently out of", "i'm currently out of",
		    "i am away from", "this is an automated response", "this is an automatic reply",
		    "this is an auto-reply", "this is an automatic response", "i am on vacation",
		    "we have received your e" } },
	{ .name = "vacation",
	  .seen = "vacation programs, other languages",
	  .class = FACTS_AUTO_REPLY,
	  .weight = FAMILY_COMMON,
	  .subject = { "automatyczna odpowiedź", "away from my mail", "vacation reply",
		       "absence du bureau" },
	  .text = { "je suis absent", "ich bin derzeit nicht", "ich bin vom",
		    "ich bin nicht im büro", "estoy fuera de la oficina", "sono fuori ufficio",
		    "ik ben afwezig", "only notification you will receive while" } },

	/* Complaints of large providers that are no RFC 5965 report. */
	{ .name = "jmrp",
	  .seen = "Microsoft Junk Mail Reporting Program: the message itself, with a header of its "
		  "own",
	  .class = FACTS_ABUSE_REPORT,
	  .weight = FAMILY_SIGNATURE,
	  .header = { "X-HmXmrOriginalRecipient" },
	  .subject = { "complaint about message from" } },

	/* Receipts without a disposition part. */
	{ .name = "receipt",
	  .seen = "Outlook and Exchange receipts in plain text, Domino return receipt",
	  .class = FACTS_RECEIPT,
	  .weight = FAMILY_SIGNATURE,
	  .header = { "Content-Class: urn:content-classes:mdn" },
	  .subject = { "read:", "not read:", "gelesen:", "lu :", "letto:", "leído:", "gelezen:",
		       "läst:", "return receipt", "read receipt", "disposition notification" },
	  .text = { "was read on", "wurde gelesen am", "a été lu le",
		    "this is a receipt for the mail you sent", "this is a return receipt",
		    "was displayed on", "was deleted without being read" } },
};
const size_t families_len = sizeof(families) / sizeof(families[0]);

/* All marks of one kind, found by their first four bytes. */
#define HEADS      4096
#define MARKS_MOST 1024
struct mark {
	const char *text;
	uint16_t len, row, next; /* next: 1 + index, 0 ends */
};
struct marks {
	uint16_t head[HEADS];
	struct mark all[MARKS_MOST];
	size_t len;
};
static struct marks text_marks, subject_marks;

static unsigned
head_of(const char *s)
{
	uint32_t four;

	memcpy(&four, s, sizeof(four));
	return (four * UINT32_C(2654435761)) >> 20;
}

static void
add_mark(struct marks *marks, const char *text, size_t row)
{
	struct mark *mark = &marks->all[marks->len];
	unsigned head = head_of(text);

	assert(marks->len < MARKS_MOST && strlen(text) >= 4);
	*mark = (struct mark){ .text = text,
			       .len = (uint16_t)strlen(text),
			       .row = (uint16_t)row,
			       .next = marks->head[head] };
	marks->head[head] = (uint16_t)++marks->len;
}

void
family_init(void)
{
	if (text_marks.len > 0)
		return;
	for (size_t i = 0; i < families_len; i++)
		for (size_t k = 0; k < FAMILY_MARKS; k++) {
			if (families[i].text[k] != NULL)
				add_mark(&text_marks, families[i].text[k], i);
			if (families[i].subject[k] != NULL)
				add_mark(&subject_marks, families[i].subject[k], i);
		}
}

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static void
keep_better(struct family_hits *hits, const struct family *row)
{
	const struct family **best = &hits->of[row->class];

	if (*best == NULL || row->weight > (*best)->weight)
		*best = row;
}

/* What begins at the front of s. */
static void
match_here(const struct marks *marks, struct span s, struct family_hits *hits)
{
	for (unsigned i = s.len < 4 ? 0 : marks->head[head_of(s.data)]; i > 0;
	     i = marks->all[i - 1].next) {
		const struct mark *mark = &marks->all[i - 1];

		if (mark->len <= s.len && memcmp(s.data, mark->text, mark->len) == 0)
			keep_better(hits, &families[mark->row]);
	}
}

static void
match(const struct marks *marks, struct span s, struct family_hits *hits)
{
	for (size_t i = 0; i + 4 <= s.len; i++) {
		unsigned char c = (unsigned char)s.data[i];

		if (c >= 0x80 ? c >= 0xC0
			      : (i == 0 || !is_word(s.data[i - 1]) || !is_word(s.data[i])))
			match_here(marks, (struct span){ s.data + i, s.len - i }, hits);
	}
}

void
family_match_text(struct span folded, struct family_hits *ret)
{
	*ret = (struct family_hits){ 0 };
	match(&text_marks, folded, ret);
}

void
family_match_subject(struct span folded, bool start, struct family_hits *ret)
{
	*ret = (struct family_hits){ 0 };
	if (start)
		match_here(&subject_marks, folded, ret);
	else
		match(&subject_marks, folded, ret);
}

static bool
bears(const struct message *m, const char *mark)
{
	const char *colon = strchr(mark, ':');
	char name[64];
	size_t len = colon == NULL ? strlen(mark) : (size_t)(colon - mark);

	assert(len < sizeof(name));
	memcpy(name, mark, len);
	name[len] = '\0';
	if (colon == NULL)
		return message_has(m, name);
	return span_starts_nocase(message_field(m, name), colon + 2);
}

const struct family *
family_match_header(const struct message *m)
{
	for (size_t i = 0; i < families_len; i++)
		for (size_t k = 0; k < 4 && families[i].header[k] != NULL; k++)
			if (bears(m, families[i].header[k]))
				return &families[i];
	return NULL;
}

/*
 * codes.c: the registry of enhanced status codes as a table.
 *
 * Meanings are those of the registry (RFC 5248 and the RFCs it lists), in
 * fewer words; causes and advice are for the postmaster who reads a bounce.
 * The codes of Exchange and IIS complete the table that "Stop backscatter
 * with GFI MailEssentials" names but lost.
 */
#include "facts/codes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "facts/status.h"

const struct facts_code facts_codes[] = {
	{ 0, 0, "other undefined status", "The server gave no closer reason.",
	  "Read the diagnostic text; ask the server's postmaster when it says nothing." },

	{ 1, 0, "other address status", "Something about the address was refused.",
	  "Read the diagnostic text and check the address." },
	{ 1, 1, "bad destination mailbox address",
	  "The mailbox does not exist: mistyped, closed, or never there (a forged or harvested "
	  "one).",
	  "Check the spelling; remove the address from lists. Many of these from one sender are a "
	  "sign of harvesting." },
	{ 1, 2, "bad destination system address",
	  "The domain does not exist or cannot receive mail.",
	  "Check the domain's spelling and its MX and address records." },
	{ 1, 3, "bad destination mailbox address syntax",
	  "The address is not well-formed for that server.",
	  "Correct the address; look for stray blanks, quotes or commas." },
	{ 1, 4, "destination mailbox address ambiguous",
	  "The address matches more than one recipient.",
	  "Use a full address; on the server remove the duplicate." },
	{ 1, 5, "destination address valid", "The address is right (a positive report).",
	  "Nothing." },
	{ 1, 6, "destination mailbox has moved, no forwarding address",
	  "The mailbox was closed and left no new address.",
	  "Ask the recipient another way; remove the address." },
	{ 1, 7, "bad sender's mailbox address syntax", "The envelope sender is not well-formed.",
	  "Correct the sender in the program that wrote the mail." },
	{ 1, 8, "bad sender's system address",
	  "The sender's domain does not exist or accepts no mail.",
	  "Give the sender a domain with an MX or address record." },
	{ 1, 9, "message relayed to non-compliant mailer",
	  "The next server cannot report delivery (a positive report).", "Nothing." },
	{ 1, 10, "recipient address has null MX",
	  "The domain says that it receives no mail at all (RFC 7505).",
	  "Remove the address; nothing sent there will ever arrive." },

	{ 2, 0, "other or undefined mailbox status", "The mailbox exists but refused.",
	  "Read the diagnostic text." },
	{ 2, 1, "mailbox disabled, not accepting messages",
	  "The account is locked, expired or suspended.",
	  "Ask the recipient another way; try again later only if the code is 4.2.1." },
	{ 2, 2, "mailbox full", "The recipient is over quota.",
	  "Try again later; tell the recipient another way." },
	{ 2, 3, "message length exceeds administrative limit",
	  "The message is larger than this recipient may receive.",
	  "Send a smaller message, or a link." },
	{ 2, 4, "mailing list expansion problem",
	  "The recipient is a list, and one of its members or its definition failed.",
	  "The list's owner must correct it." },

	{ 3, 0, "other or undefined mail system status", "The receiving system failed.",
	  "Try again later; read the diagnostic text." },
	{ 3, 1, "mail system full", "The receiving system has no disk space left.",
	  "Wait; its postmaster must free space." },
	{ 3, 2, "system not accepting network messages",
	  "The system is shutting down, overloaded, or takes no mail from the network.",
	  "Wait and try again." },
	{ 3, 3, "system not capable of selected features",
	  "A feature the message needs is not supported there.",
	  "Send the message without it, for example as plain 7-bit text." },
	{ 3, 4, "message too big for system", "The message is larger than the server takes.",
	  "Send a smaller message, or a link." },
	{ 3, 5, "system incorrectly configured",
	  "The server found its own configuration wrong, often a loop to itself.",
	  "Its postmaster must correct routing or MX records." },

	{ 4, 0, "other or undefined network or routing status", "Something went wrong on the way.",
	  "Read the diagnostic text; check DNS and routing." },
	{ 4, 1, "no answer from host", "The destination server cannot be reached.",
	  "Check that its MX records are right and that port 25 is not blocked; wait." },
	{ 4, 2, "bad connection", "The connection broke off during the transfer.",
	  "Wait; if it always breaks at the same point, suspect a firewall or MTU." },
	{ 4, 3, "directory server failure",
	  "DNS or the directory that routing needs gave no answer.",
	  "Check the resolver or directory server." },
	{ 4, 4, "unable to route", "There is no way to the destination: no MX, no host.",
	  "Check the domain's records and your own routing." },
	{ 4, 5, "mail system congestion", "The server has too much to do.", "Wait." },
	{ 4, 6, "routing loop detected",
	  "The message went in a circle, seen by too many Received lines.",
	  "Find the two servers that send it to each other; correct forwarding or MX." },
	{ 4, 7, "delivery time expired",
	  "The message could not be delivered for as long as it may stay in a queue.",
	  "Look at the earlier delay reports for the real reason; send it again." },

	{ 5, 0, "other or undefined protocol status", "The servers did not understand each other.",
	  "Read the diagnostic text; look at the SMTP transcript." },
	{ 5, 1, "invalid command", "A command came that is unknown or out of sequence.",
	  "Suspect a firewall or scanner that alters SMTP." },
	{ 5, 2, "syntax error", "A command could not be parsed.",
	  "Look at the address or command in the diagnostic text." },
	{ 5, 3, "too many recipients", "More recipients than the server takes at once.",
	  "Send in smaller groups; an MTA does so by itself for 4.5.3." },
	{ 5, 4, "invalid command arguments", "An argument of a command is not supported.",
	  "Look at the MAIL and RCPT parameters in the diagnostic text." },
	{ 5, 5, "wrong protocol version", "The two sides speak different versions.",
	  "Check what listens on that port." },
	{ 5, 6, "authentication exchange line is too long",
	  "The client's answer to an AUTH challenge is too long.",
	  "Check the client's authentication mechanism." },

	{ 6, 0, "other or undefined media error", "The content could not be handled.",
	  "Read the diagnostic text." },
	{ 6, 1, "media not supported", "The recipient's system does not take this kind of content.",
	  "Send the content in another form." },
	{ 6, 2, "conversion required and prohibited",
	  "The content had to be converted, and that was forbidden.",
	  "Allow conversion, or send 7-bit content." },
	{ 6, 3, "conversion required but not supported",
	  "The content had to be converted, and the server cannot.",
	  "Send 7-bit content (quoted-printable or base64)." },
	{ 6, 4, "conversion with loss performed",
	  "The content was converted and lost something on the way.",
	  "Send the content in a simpler form if it matters." },
	{ 6, 5, "conversion failed", "The content was to be converted, and that failed.",
	  "Send the content in another form." },
	{ 6, 6, "message content not available",
	  "The content, kept elsewhere, could not be fetched.", "Send the message again." },
	{ 6, 7, "non-ASCII addresses not permitted",
	  "An address is internationalized, and the server takes only ASCII (RFC 6531).",
	  "Use the recipient's ASCII address." },
	{ 6, 8, "UTF-8 string reply is required, but not permitted",
	  "The reply needs UTF-8, which the client did not ask for (RFC 6531).",
	  "Use a client or server that supports SMTPUTF8." },
	{ 6, 9, "UTF-8 header message cannot be transferred",
	  "The header is UTF-8, and a recipient cannot receive that (RFC 6531).",
	  "Send it with ASCII addresses and encoded words." },
	{ 6, 10, "obsolete: use X.6.8", "An early number of X.6.8 (RFC 6533).", "As for X.6.8." },

	{ 7, 0, "other or undefined security status", "A rule of security or policy refused it.",
	  "Read the diagnostic text; it usually names the rule or a web page." },
	{ 7, 1, "delivery not authorized, message refused",
	  "The sender may not send there: relaying, a block list, a spam filter, a closed list.",
	  "Read the diagnostic text: it says which. Check whether your address is on a block "
	  "list." },
	{ 7, 2, "mailing list expansion prohibited", "The sender may not post to this list.",
	  "Ask the list's owner." },
	{ 7, 3, "security conversion required but not possible",
	  "The message had to be converted between secure systems, and cannot be.",
	  "Send it without that protection, or another way." },
	{ 7, 4, "security features not supported",
	  "The message asks for security the server does not have.",
	  "Use what it supports; its EHLO reply says what." },
	{ 7, 5, "cryptographic failure", "Encrypting or decrypting failed, or a key is missing.",
	  "Check keys and certificates on both sides." },
	{ 7, 6, "cryptographic algorithm not supported", "The algorithm is unknown to the server.",
	  "Use a common one." },
	{ 7, 7, "message integrity failure", "The message was altered on the way.",
	  "Send it again; look for a gateway that changes mail." },
	{ 7, 8, "authentication credentials invalid", "Name or password is wrong.",
	  "Correct them in the client or relay." },
	{ 7, 9, "authentication mechanism is too weak",
	  "The server wants a stronger mechanism for this account.", "Choose another mechanism." },
	{ 7, 10, "encryption needed", "The server wants TLS before it goes on.", "Turn TLS on." },
	{ 7, 11, "encryption required for requested authentication mechanism",
	  "This mechanism may only be used within TLS.", "Turn TLS on." },
	{ 7, 12, "a password transition is needed",
	  "The account must log in once with its password to set up a new mechanism.",
	  "Log in once with the plain mechanism, within TLS." },
	{ 7, 13, "user account disabled", "The account was disabled by its administrator.",
	  "Ask the administrator." },
	{ 7, 14, "trust relationship required", "A third server must vouch for the client first.",
	  "Configure the trust (for example BURL) between the servers." },
	{ 7, 15, "priority level is too low",
	  "The server takes only more urgent mail now (RFC 6710).",
	  "Wait; the message is tried again." },
	{ 7, 16, "message is too big for the specified priority",
	  "Larger messages must have another priority (RFC 6710).", "Send a smaller one." },
	{ 7, 17, "mailbox owner has changed",
	  "The mailbox belongs to somebody else since the time the sender gave (RFC 7293).",
	  "Ask the recipient for the new address." },
	{ 7, 18, "domain owner has changed",
	  "The domain belongs to somebody else since the time the sender gave (RFC 7293).",
	  "Ask the recipient for the new address." },
	{ 7, 19, "RRVS test cannot be completed",
	  "Whether the owner changed cannot be said (RFC 7293).", "Send without that test." },
	{ 7, 20, "no passing DKIM signature found",
	  "The message has no DKIM signature that verifies (RFC 7372).",
	  "Sign outgoing mail; check the key in DNS." },
	{ 7, 21, "no acceptable DKIM signature found",
	  "There are good DKIM signatures, but none the server accepts (RFC 7372).",
	  "Sign with the domain of the From field." },
	{ 7, 22, "no valid author-matched DKIM signature found",
	  "No DKIM signature is of the author's domain (RFC 7372).",
	  "Sign with the domain of the From field." },
	{ 7, 23, "SPF validation failed",
	  "The sender's domain says that this server may not send for it (RFC 7372).",
	  "Add the server to the SPF record, or send through one that is in it. For a forged "
	  "sender it is as it should be." },
	{ 7, 24, "SPF validation error",
	  "The sender's SPF record could not be evaluated (RFC 7372).",
	  "Correct the record: syntax, or more than ten lookups." },
	{ 7, 25, "reverse DNS validation failed",
	  "The client's address has no name, or the name does not lead back (RFC 7372).",
	  "Give the sending address a PTR record that matches its name." },
	{ 7, 26, "multiple authentication checks failed",
	  "Several of SPF, DKIM and DMARC failed (RFC 7372).",
	  "Set up SPF and DKIM for the From domain; check forwarding." },
	{ 7, 27, "sender address has null MX",
	  "The sender's domain says that it receives no mail, so no bounce could go back (RFC "
	  "7505).",
	  "Send from a domain that receives mail." },
	{ 7, 28, "mail flood detected", "Too many messages came in a short time.",
	  "Send more slowly; look for an account that was taken over." },
	{ 7, 29, "ARC validation failure", "The ARC chain of the message is broken (RFC 8617).",
	  "Look for the forwarder that altered it." },
	{ 7, 30, "REQUIRETLS support required",
	  "The message must travel within TLS all the way, and the next server cannot (RFC 8689).",
	  "Send without REQUIRETLS, or by another way." },
};
const size_t facts_codes_len = sizeof(facts_codes) / sizeof(facts_codes[0]);

const struct facts_exchange_code facts_exchange_codes[] = {
	{ "4.3.1", "out of memory or disk space on the Exchange server (back pressure)",
	  "Free disk space or memory on the drive of the queue database." },
	{ "4.3.2", "the queue was frozen by an administrator, or the service is stopping",
	  "Thaw the queue; start the service." },
	{ "4.4.1", "the destination server does not answer",
	  "Check name resolution, the network and port 25; Exchange tries again." },
	{ "4.4.2", "the connection was dropped between the servers",
	  "Check the network and a firewall that inspects SMTP." },
	{ "4.4.6", "the message passed too many servers: a loop",
	  "Look for contacts or connectors that point at each other." },
	{ "4.4.7", "the message expired in the queue",
	  "Find out why the destination was not reached: DNS, network, its load." },
	{ "5.0.0", "general failure, or no connector for the destination, or HELO refused",
	  "Check the connectors' address spaces and routing groups." },
	{ "5.1.0", "the sender or recipient could not be resolved in the directory",
	  "Check the recipient object's addresses; look for a stale reply from an old cache "
	  "(IMCEAEX)." },
	{ "5.1.1", "the mailbox does not exist, or moved without its address",
	  "Check the address; after a migration add the old legacyExchangeDN as X500 address." },
	{ "5.1.3", "the recipient's address has bad syntax",
	  "Correct the address of the contact or in the address book." },
	{ "5.1.4", "two objects have the same address",
	  "Find the duplicate proxyAddresses and remove one." },
	{ "5.2.1", "the mailbox is disabled, or the message larger than it takes",
	  "Enable the mailbox; check its size limits." },
	{ "5.2.3", "the message is larger than a limit of the recipient or the organization",
	  "Send a smaller message, or raise the limit." },
	{ "5.3.3", "the remote server has no disk space left, or does not know a feature",
	  "Its administrator must free space; turn chunking off for that domain." },
	{ "5.3.5", "the server is configured to send to itself: a loop",
	  "Check smart host, connectors and the virtual servers' domains." },
	{ "5.4.0", "no such host in DNS, or the smart host cannot be found",
	  "Check DNS and the smart host's name." },
	{ "5.4.4", "there is no route: no connector, no MX, no host",
	  "Check connectors and the domain's MX record." },
	{ "5.4.6", "a forwarding loop",
	  "Look at the recipient's forwarding address, contacts and rules." },
	{ "5.4.8", "a loop: the recipient policy's domain is the server's own name",
	  "Change the domain in the recipient policy or address policy." },
	{ "5.5.0", "a protocol error, often a message without recipients or sender",
	  "Look at the SMTP log of both servers." },
	{ "5.5.2", "a command out of sequence, or an empty one",
	  "Suspect a device between the servers that alters SMTP." },
	{ "5.5.3", "more recipients than allowed in one message",
	  "Use a distribution group, or raise the limit." },
	{ "5.7.1", "the sender has no permission to send to the recipient or to relay",
	  "Check the recipient's message restrictions, the relay settings and the anonymous "
	  "permission of the receive connector." },
};
const size_t facts_exchange_codes_len =
	sizeof(facts_exchange_codes) / sizeof(facts_exchange_codes[0]);

static const struct facts_code *
find(int subject, int detail)
{
	for (size_t i = 0; i < facts_codes_len; i++)
		if (facts_codes[i].subject == subject && facts_codes[i].detail == detail)
			return &facts_codes[i];
	return NULL;
}

static const struct facts_exchange_code *
find_exchange(const char *code)
{
	for (size_t i = 0; i < facts_exchange_codes_len; i++)
		if (strcmp(facts_exchange_codes[i].code, code) == 0)
			return &facts_exchange_codes[i];
	return NULL;
}

static const char *
severity_of(char class)
{
	if (class == '2')
		return "success";
	return class == '4' ? "temporary failure" : "permanent failure";
}

int
facts_explain(const char *code, struct facts_explanation *ret)
{
	struct span s = span_trim(span_of(code));
	int subject, detail;

	if (s.len == 3 && (s.data[0] == '4' || s.data[0] == '5') &&
	    strspn(s.data, "0123456789") >= 3)
		s = span_of(status_from_reply(atoi(s.data)));
	if (s.len == 0 || s.len >= sizeof(ret->code) || status_length(s) != s.len)
		return 0;
	*ret = (struct facts_explanation){ .severity = severity_of(s.data[0]) };
	memcpy(ret->code, s.data, s.len);
	if (sscanf(ret->code + 2, "%d.%d", &subject, &detail) != 2)
		return 0;
	ret->known = find(subject, detail);
	ret->exact = ret->known != NULL;
	if (ret->known == NULL)
		ret->known = find(subject, 0);
	if (ret->known == NULL)
		ret->known = find(0, 0);
	ret->exchange = find_exchange(ret->code);
	return 1;
}

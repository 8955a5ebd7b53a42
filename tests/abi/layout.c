/* SPDX-License-Identifier: MIT */
/* Prints where everything of ABI 1.0 lies and what its numbers are. Compiled against the frozen header and against the
 * present one; a later minor version may only let structs grow, so all lines but the sizes must be the same. */
#include "provider.h"

#include "ext/compute.h"
#include "ext/corpus.h"
#include "ext/credentials.h"
#include "ext/sign.h"

#include <stdio.h>

#define SIZE(s) printf("size %s %zu\n", #s, sizeof(struct s))
#define FIELD(s, f) printf("%s.%s %zu %zu\n", #s, #f, offsetof(struct s, f), sizeof(((struct s *)0)->f))
#define NUMBER(n) printf("%s %llu\n", #n, (unsigned long long)(n))
#define WORD(w) printf("%s %s\n", #w, w)

static void signing(void)
{
    SIZE(sy_header);
    FIELD(sy_header, name);
    FIELD(sy_header, value);
    SIZE(sy_unsigned);
    FIELD(sy_unsigned, size);
    FIELD(sy_unsigned, method);
    FIELD(sy_unsigned, url);
    FIELD(sy_unsigned, header);
    FIELD(sy_unsigned, nheader);
    FIELD(sy_unsigned, header_stride);
    FIELD(sy_unsigned, body);
    FIELD(sy_unsigned, now_ms);
    FIELD(sy_unsigned, has_key);
    SIZE(sy_sign);
    FIELD(sy_sign, size);
    FIELD(sy_sign, sign);
    SIZE(sy_credentials);
    FIELD(sy_credentials, size);
    FIELD(sy_credentials, env);
    FIELD(sy_credentials, file);
    FIELD(sy_credentials, command);
    WORD(SY_EXT_SIGN);
    WORD(SY_EXT_CREDENTIALS);
}

static void host_side(void)
{
    SIZE(sy_str);
    FIELD(sy_str, p);
    FIELD(sy_str, n);
    SIZE(sy_host);
    FIELD(sy_host, size);
    FIELD(sy_host, major);
    FIELD(sy_host, minor);
    FIELD(sy_host, ctx);
    FIELD(sy_host, log);
    FIELD(sy_host, option);
    FIELD(sy_host, fail);
    FIELD(sy_host, extension);
    SIZE(sy_http);
    FIELD(sy_http, size);
    FIELD(sy_http, ctx);
    FIELD(sy_http, line);
    FIELD(sy_http, header);
    FIELD(sy_http, auth);
    FIELD(sy_http, body);
    SIZE(sy_sink);
    FIELD(sy_sink, size);
    FIELD(sy_sink, ctx);
    FIELD(sy_sink, emit);
    SIZE(sy_reply);
    FIELD(sy_reply, size);
    FIELD(sy_reply, status);
    FIELD(sy_reply, ctx);
    FIELD(sy_reply, header);
    SIZE(sy_event);
    FIELD(sy_event, size);
    FIELD(sy_event, kind);
    FIELD(sy_event, text);
    FIELD(sy_event, n);
}

static void requests(void)
{
    SIZE(sy_msg);
    FIELD(sy_msg, role);
    FIELD(sy_msg, text);
    SIZE(sy_file);
    FIELD(sy_file, path);
    FIELD(sy_file, text);
    SIZE(sy_request);
    FIELD(sy_request, size);
    FIELD(sy_request, kind);
    FIELD(sy_request, model);
    FIELD(sy_request, prefix);
    FIELD(sy_request, suffix);
    FIELD(sy_request, path);
    FIELD(sy_request, language);
    FIELD(sy_request, caret);
    FIELD(sy_request, system);
    FIELD(sy_request, msg);
    FIELD(sy_request, nmsg);
    FIELD(sy_request, msg_stride);
    FIELD(sy_request, extra);
    FIELD(sy_request, nextra);
    FIELD(sy_request, extra_stride);
    FIELD(sy_request, stop);
    FIELD(sy_request, nstop);
    FIELD(sy_request, fim_format);
    FIELD(sy_request, params);
    FIELD(sy_request, temperature_milli);
    FIELD(sy_request, max_tokens);
    FIELD(sy_request, timeout_ms);
    FIELD(sy_request, flags);
}

static void plugin_side(void)
{
    SIZE(sy_provider);
    FIELD(sy_provider, size);
    FIELD(sy_provider, major);
    FIELD(sy_provider, minor);
    FIELD(sy_provider, name);
    FIELD(sy_provider, version);
    FIELD(sy_provider, summary);
    FIELD(sy_provider, options);
    FIELD(sy_provider, caps);
    FIELD(sy_provider, open);
    FIELD(sy_provider, close);
    FIELD(sy_provider, extension);
    FIELD(sy_provider, begin);
    FIELD(sy_provider, feed);
    FIELD(sy_provider, finish);
    FIELD(sy_provider, end);
    FIELD(sy_provider, models);
    WORD(SY_EXT_COMPUTE);
    SIZE(sy_cancel);
    FIELD(sy_cancel, size);
    FIELD(sy_cancel, ctx);
    FIELD(sy_cancel, is_cancelled);
    SIZE(sy_compute);
    FIELD(sy_compute, size);
    FIELD(sy_compute, run);
    WORD(SY_EXT_CORPUS);
    NUMBER(SY_CORPUS_OPEN);
    SIZE(sy_corpus);
    FIELD(sy_corpus, size);
    FIELD(sy_corpus, put);
    FIELD(sy_corpus, edit);
    FIELD(sy_corpus, drop);
}

static void codes(void)
{
    NUMBER(SY_ABI_MAJOR);
    NUMBER(SY_OK);
    NUMBER(-SY_EAGAIN);
    NUMBER(-SY_EAUTH);
    NUMBER(-SY_ERATE);
    NUMBER(-SY_EREQUEST);
    NUMBER(-SY_EPROTO);
    NUMBER(-SY_ETOOBIG);
    NUMBER(-SY_EUNSUPPORTED);
    NUMBER(-SY_EINTERNAL);
    NUMBER(-SY_EOVERLOADED);
    NUMBER(-SY_ELOADING);
    NUMBER(-SY_EQUOTA);
    NUMBER(-SY_EMODEL);
    NUMBER(-SY_EREFUSED);
    NUMBER(-SY_ETRUNCATED);
    NUMBER(-SY_ETIMEOUT);
    NUMBER(SY_LOG_ERROR);
    NUMBER(SY_LOG_WARN);
    NUMBER(SY_LOG_INFO);
    NUMBER(SY_LOG_DEBUG);
}

static void numbers(void)
{
    NUMBER(SY_CAP_CHAT);
    NUMBER(SY_CAP_FIM);
    NUMBER(SY_CAP_STREAM);
    NUMBER(SY_CAP_JSON);
    NUMBER(SY_CAP_PROMPT_CACHE);
    NUMBER(SY_CAP_LOCAL);
    NUMBER(SY_SECRET);
    NUMBER(SY_AUTH_NONE);
    NUMBER(SY_AUTH_BEARER);
    NUMBER(SY_AUTH_HEADER);
    NUMBER(SY_ROLE_SYSTEM);
    NUMBER(SY_ROLE_USER);
    NUMBER(SY_ROLE_ASSISTANT);
    NUMBER(SY_REQ_FIM);
    NUMBER(SY_REQ_CHAT);
    NUMBER(SY_REQ_SINGLE_LINE);
    NUMBER(SY_REQ_MANY);
    NUMBER(SY_EV_TEXT);
    NUMBER(SY_EV_CANDIDATE);
    NUMBER(SY_EV_USAGE);
    NUMBER(SY_EV_STOP);
    NUMBER(SY_EV_ERROR);
    NUMBER(SY_EV_MODEL);
    NUMBER(SY_EV_REQUEST_ID);
    NUMBER(SY_STOP_END);
    NUMBER(SY_STOP_LENGTH);
    NUMBER(SY_STOP_SEQUENCE);
    NUMBER(SY_STOP_TOOL);
}

int main(void)
{
    host_side();
    signing();
    requests();
    plugin_side();
    codes();
    numbers();
    return 0;
}

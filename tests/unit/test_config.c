/* SPDX-License-Identifier: MIT */
/* The configuration: every mistake has a sentence that names file and key, what is not said has its default, and keys come
 * from where they may come from only. Each text is read from a real file with real modes. */
#include "core/engine/config.h"
#include "core/base/fs.h"
#include "core/base/limits.h"
#include "core/base/mem.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char *dir; /* private, holds config.json */

static int make_dir(void **state)
{
    (void)state;
    dir = mem_printf("%s/config.XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    return mkdtemp(dir) ? 0 : -1;
}

static int drop_dir(void **state)
{
    static const char *const names[] = {"config.json", "key", "link.json"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        AUTO_FREE char *path = fs_join(dir, names[i]);

        (void)unlink(path);
    }
    assert_int_equal(rmdir(dir), 0);
    free(dir);
    return 0;
}

static char *put(const char *name, struct str text, mode_t mode)
{
    char *path = fs_join(dir, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text.p, text.n), text.n);
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(close(fd), 0);
    return path;
}

static struct config *load(const char *text, struct err *e)
{
    AUTO_FREE char *path = put("config.json", str_c(text), 0600);

    return config_load(path, e);
}

static void expect_refused(const char *text, const char *sentence)
{
    struct err e = {0};
    struct config *c = load(text, &e);

    if (c || e.code != ERR_CONFIG || strcmp(e.text, sentence) != 0)
        fail_msg("%s\ngives: %s\nnot:   %s", text, c ? "no error" : e.text, sentence);
    assert_null(load(text, NULL)); /* nobody has to listen */
}

#define P "{\"providers\":{\"p\":{\"plugin\":\"openai\"}},"
#define T P "\"targets\":{\"t\":{\"provider\":\"p\"}},"

static void test_mistakes(void **state)
{
    static const struct {
        const char *text, *sentence;
    } t[] = {
        {"[]", "config.json: must be a JSON object"},
        {"7", "config.json: must be a JSON object"},
        {"{\"providerz\":{}}", "config.json: providerz: unknown key"},
        {"{\"providers\":[]}", "config.json: providers: must be an object"},
        {"{\"providers\":{\"a b\":{}}}", "config.json: providers.a b: a name has letters, digits, '_', '.', '-' only"},
        {"{\"providers\":{\"\":{}}}", "config.json: providers.: a name has letters, digits, '_', '.', '-' only"},
        {"{\"providers\":{\"p\":7}}", "config.json: providers.p: must be an object"},
        {"{\"providers\":{\"p\":{\"plugin\":7}}}", "config.json: providers.p.plugin: must be a string"},
        {"{\"providers\":{\"p\":{\"key\":\"sk-123\"}}}",
         "config.json: providers.p.key: must be {\"env\": NAME} or {\"file\": PATH}; a key itself does not belong here"},
        {"{\"providers\":{\"p\":{\"key\":{}}}}", "config.json: providers.p.key: must have either env or file"},
        {"{\"providers\":{\"p\":{\"key\":{\"env\":\"A\",\"file\":\"/b\"}}}}",
         "config.json: providers.p.key: must have either env or file"},
        {"{\"providers\":{\"p\":{\"key\":{\"cmd\":\"x\"}}}}", "config.json: providers.p.cmd: unknown key"},
        {"{\"providers\":{\"p\":{\"key\":{\"env\":[]}}}}", "config.json: providers.p.env: must be a string"},
        {"{\"providers\":{\"p\":{\"key\":{\"file\":\"key\"}}}}", "config.json: providers.p.key: file must begin with / or ~/"},
        {P "\"targets\":7}", "config.json: targets: must be an object"},
        {P "\"targets\":{\"t\":[]}}", "config.json: targets.t: must be an object"},
        {P "\"targets\":{\"t/u\":{}}}", "config.json: targets.t/u: a name has letters, digits, '_', '.', '-' only"},
        {P "\"targets\":{\"t\":{}}}", "config.json: targets.t.provider: is missing"},
        {P "\"targets\":{\"t\":{\"provider\":\"q\"}}}", "config.json: targets.t.provider: names no entry of providers"},
        {P "\"targets\":{\"t\":{\"provider\":\"p\",\"tear\":\"small\"}}}", "config.json: targets.t.tear: unknown key"},
        {P "\"targets\":{\"t\":{\"provider\":\"p\",\"tier\":\"huge\"}}}",
         "config.json: targets.t.tier: must be local, small or large"},
        {P "\"targets\":{\"t\":{\"provider\":\"p\",\"model\":7}}}", "config.json: targets.t.model: must be a string"},
        {P "\"targets\":{\"t\":{\"provider\":\"p\",\"model\":\"a\\u0000b\"}}}",
         "config.json: targets.t.model: must be a string"},
        {P "\"targets\":{\"t\":{\"provider\":\"p\",\"fim_format\":[]}}}", "config.json: targets.t.fim_format: must be a string"},
        {P "\"targets\":{\"t\":{\"provider\":\"p\",\"params\":\"x\"}}}", "config.json: targets.t.params: must be an object"},
        {P "\"targets\":{\"t\":{\"provider\":\"p\",\"context_tokens\":3}}}",
         "config.json: targets.t.context_tokens: must be a number from 256 to 1e+07"},
        {P "\"targets\":{\"t\":{\"provider\":\"p\",\"max_tokens\":0}}}",
         "config.json: targets.t.max_tokens: must be a number from 1 to 1e+06"},
        {P "\"targets\":{\"t\":{\"provider\":\"p\",\"timeout_ms\":\"1s\"}}}",
         "config.json: targets.t.timeout_ms: must be a number from 100 to 3.6e+06"},
        {P "\"targets\":{\"t\":{\"provider\":\"p\",\"temperature\":3}}}",
         "config.json: targets.t.temperature: must be a number from 0 to 2"},
        {P "\"targets\":{\"t\":{\"provider\":\"p\",\"price_in\":-1}}}",
         "config.json: targets.t.price_in: must be a number from 0 to 1e+06"},
        {P "\"targets\":{\"t\":{\"provider\":\"p\",\"price_out\":null}}}",
         "config.json: targets.t.price_out: must be a number from 0 to 1e+06"},
        {T "\"routes\":[]}", "config.json: routes: must be an object"},
        {T "\"routes\":{\"compleet\":[]}}",
         "config.json: routes.compleet: is no task: complete, edit, plan, explain, triage, review, message"},
        {T "\"routes\":{\"edit\":\"t\"}}", "config.json: routes.edit: must be a list of target names"},
        {T "\"routes\":{\"edit\":[\"u\"]}}", "config.json: routes.edit: 'u' names no entry of targets"},
        {T "\"routes\":{\"edit\":[7]}}", "config.json: routes.edit: '' names no entry of targets"},
        {T "\"routes\":{\"edit\":[\"t\",\"t\"]}}", "config.json: routes.edit: 't' is listed twice"},
        {T "\"routes\":{\"edit\":[\"t\",\"t\",\"t\",\"t\",\"t\",\"t\",\"t\",\"t\",\"t\",\"t\",\"t\",\"t\",\"t\",\"t\",\"t\",\"t\",\"t\"]}}",
         "config.json: routes.edit: has too many targets"},
        {"{\"complete\":7}", "config.json: complete: must be an object"},
        {"{\"complete\":{\"enable\":true}}", "config.json: complete.enable: unknown key"},
        {"{\"complete\":{\"enabled\":1}}", "config.json: complete.enabled: must be true or false"},
        {"{\"complete\":{\"debounce_ms\":true}}", "config.json: complete.debounce_ms: must be a number from 0 to 10000"},
        {"{\"complete\":{\"debounce_ms\":\"soon\"}}", "config.json: complete.debounce_ms: must be a number from 0 to 10000"},
        {"{\"complete\":{\"threshold\":1.5}}", "config.json: complete.threshold: must be a number from 0 to 1"},
        {"{\"complete\":{\"multi_line\":1}}", "config.json: complete.multi_line: must be true, false or \"auto\""},
        {"{\"complete\":{\"deadline_ms\":5}}", "config.json: complete.deadline_ms: must be a number from 10 to 60000"},
        {"{\"complete\":{\"in_comments\":\"no\"}}", "config.json: complete.in_comments: must be true or false"},
        {"{\"complete\":{\"in_strings\":0}}", "config.json: complete.in_strings: must be true or false"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(t); i++)
        expect_refused(t[i].text, t[i].sentence);
}

/* However long a wrong name is, the sentence says what is wrong with it. */
static void test_long_names(void **state)
{
    AUTO_BUF struct buf b;
    struct err e = {0};

    (void)state;
    buf_init(&b, 100000);
    buf_adds(&b, P "\"targets\":{\"");
    for (int i = 0; i < 5000; i++)
        buf_addc(&b, 'x');
    buf_adds(&b, "\":{}}}");
    assert_null(load(b.p, &e));
    assert_non_null(strstr(e.text, "a name has letters"));
    buf_reset(&b);
    err_clear(&e);
    buf_adds(&b, P "\"targets\":{");
    for (int i = 0; i < MAX_TARGETS + 1; i++)
        buf_addf(&b, "%s\"t%d\":{\"provider\":\"p\"}", i ? "," : "", i);
    buf_adds(&b, "}}");
    assert_null(load(b.p, &e));
    assert_string_equal(e.text, "config.json: targets.t63: too many targets"); /* the built-in one counts */
}

static void test_defaults(void **state)
{
    struct err e = {0};
    struct config *c = config_load(NULL, &e);
    const struct config_target *t;

    (void)state;
    assert_non_null(c);
    assert_null(c->path);
    assert_int_equal(c->ntargets, 1);
    t = &c->targets[0];
    assert_string_equal(t->name, "local");
    assert_string_equal(c->providers[t->provider].plugin, "local");
    assert_int_equal(t->tier, TIER_LOCAL);
    assert_true(t->price_in == 0 && t->price_out == 0);
    assert_int_equal(c->routes[TASK_COMPLETE].ntargets, 1);
    for (int k = TASK_EDIT; k < TASK_KINDS; k++)
        assert_int_equal(c->routes[k].ntargets, 0);
    assert_true(c->settings.enabled && c->settings.in_comments && !c->settings.in_strings);
    assert_int_equal(c->settings.debounce_ms, -1);
    assert_int_equal(c->settings.multi_line, -1);
    assert_int_equal(c->settings.deadline_ms, 3000);
    config_free(c);
    config_free(NULL);
}

static void test_reading(void **state)
{
    static const char text[] =
        "{\"$schema\": \"x\","
        " \"providers\": {\"ai\": {\"plugin\": \"openai\", \"base_url\": \"http://127.0.0.1:1\", \"key\": {\"env\": \"K\"}},"
        "                 \"box\": {\"key\": {\"file\": \"/k\"}}},"
        " \"targets\": {\"small\": {\"provider\": \"ai\", \"model\": \"m\"},"
        "               \"big\": {\"provider\": \"box\", \"tier\": \"large\", \"price_in\": 3, \"price_out\": 15.5,"
        "                       \"temperature\": 0.2, \"max_tokens\": 99, \"timeout_ms\": 1234, \"context_tokens\": 1000,"
        "                       \"fim_format\": \"qwen\", \"params\": {\"b\": [1, 0.5], \"a\": \"x\"}}},"
        " \"routes\": {\"complete\": [\"small\", \"local\"], \"plan\": []},"
        " \"complete\": {\"debounce_ms\": 7, \"threshold\": 0.25, \"multi_line\": false, \"deadline_ms\": 900,"
        "                \"in_comments\": false, \"in_strings\": true, \"enabled\": false}}";
    struct err e = {0};
    struct config *c = load(text, &e);
    const struct config_target *small, *big;

    (void)state;
    if (!c)
        fail_msg("%s", e.text);
    assert_int_equal(c->ntargets, 3);
    assert_int_equal(config_target_index(c, "none"), -1);
    small = &c->targets[config_target_index(c, "small")];
    big = &c->targets[config_target_index(c, "big")];
    assert_int_equal(small->tier, TIER_SMALL);
    assert_true(small->price_in < 0 && small->price_out < 0); /* unknown, not free */
    assert_int_equal(small->temperature_milli, -1);
    assert_string_equal(small->params, "");
    assert_string_equal(c->providers[small->provider].name, "ai");
    assert_int_equal(c->providers[small->provider].key_source, KEY_ENV);
    assert_string_equal(c->providers[small->provider].key_ref, "K");
    assert_string_equal(c->providers[big->provider].plugin, "box"); /* its own name, if it does not say */
    assert_int_equal(c->providers[big->provider].key_source, KEY_FILE);
    assert_int_equal(big->tier, TIER_LARGE);
    assert_true(big->price_in == 3 && big->price_out == 15.5);
    assert_int_equal(big->temperature_milli, 200);
    assert_int_equal(big->max_tokens, 99);
    assert_int_equal(big->timeout_ms, 1234);
    assert_int_equal(big->context_tokens, 1000);
    assert_string_equal(big->fim_format, "qwen");
    assert_string_equal(big->params, "{\"b\":[1,0.5],\"a\":\"x\"}");
    assert_int_equal(c->routes[TASK_COMPLETE].ntargets, 2);
    assert_int_equal(c->routes[TASK_COMPLETE].targets[0], config_target_index(c, "small"));
    assert_int_equal(c->routes[TASK_PLAN].ntargets, 0); /* said to be empty */
    assert_int_equal(c->routes[TASK_EDIT].ntargets, 1); /* not said: what is large */
    assert_int_equal(c->routes[TASK_EDIT].targets[0], config_target_index(c, "big"));
    assert_false(c->settings.enabled);
    assert_int_equal(c->settings.debounce_ms, 7);
    assert_int_equal(c->settings.multi_line, 0);
    assert_int_equal(c->settings.deadline_ms, 900);
    assert_true(c->settings.in_strings && !c->settings.in_comments);
    config_free(c);
}

/* The embedded model is there unless its name is taken. */
static void test_builtin_local(void **state)
{
    struct config *c;

    (void)state;
    c = load("{\"targets\":{\"local\":{\"provider\":\"local\"}},\"providers\":{\"local\":{}}}", NULL);
    assert_non_null(c);
    assert_int_equal(c->ntargets, 1);
    assert_true(c->targets[0].price_in < 0); /* as the user wrote it: nothing is added */
    config_free(c);
    c = load("{\"providers\":{\"local\":{\"plugin\":\"openai\"}}}", NULL);
    assert_non_null(c);
    assert_int_equal(c->ntargets, 0);
    config_free(c);
    c = load("{\"providers\":{\"local\":{\"option\":1}}}", NULL);
    assert_non_null(c);
    assert_int_equal(c->ntargets, 1);
    assert_int_equal(c->nproviders, 1);
    assert_non_null(json_object_get(c->providers[c->targets[0].provider].options, "option"));
    config_free(c);
}

static void test_files(void **state)
{
    AUTO_FREE char *missing = fs_join(dir, "none.json");
    AUTO_FREE char *link = fs_join(dir, "link.json");
    AUTO_FREE char *open_to_all = put("config.json", STR("{}"), 0666);
    AUTO_BUF struct buf big;
    struct err e = {0};
    struct config *c;

    (void)state;
    assert_null(config_load(missing, &e));
    assert_int_equal(e.code, ERR_NOT_FOUND);
    err_clear(&e);
    assert_null(config_load(dir, &e));
    assert_int_equal(e.code, ERR_IO);
    err_clear(&e);
    assert_null(config_load(open_to_all, &e));
    assert_int_equal(e.code, ERR_CONFIG);
    assert_non_null(strstr(e.text, "can be written by others"));
    err_clear(&e);
    assert_int_equal(chmod(open_to_all, 0644), 0);
    assert_int_equal(symlink("config.json", link), 0);
    c = config_load(link, &e);
    assert_non_null(c);
    config_free(c);
    assert_null(load("{\"providers\": {", &e));
    assert_int_equal(e.code, ERR_CONFIG);
    assert_non_null(strstr(e.text, "config.json"));
    err_clear(&e);
    buf_init(&big, 2 * MAX_CONFIG_BYTES);
    while (big.n <= MAX_CONFIG_BYTES)
        buf_adds(&big, "                                                                ");
    assert_null(load(big.p, &e));
    assert_int_equal(e.code, ERR_TOO_BIG);
}

/* ---- settings from an editor ---- */

static void test_settings(void **state)
{
    struct settings s = {.enabled = true, .threshold = 0.5, .deadline_ms = 100, .debounce_ms = 3}, before = s;
    struct err e = {0};
    json_t *v = json_parse(STR("{\"threshold\":0.9,\"debounce_ms\":\"auto\",\"multi_line\":true}"), "x", NULL);

    (void)state;
    assert_int_equal(settings_apply(&s, v, "settings", &e), 0);
    json_decref(v);
    assert_true(s.threshold == 0.9 && s.debounce_ms == -1 && s.multi_line == 1 && s.deadline_ms == 100 && s.enabled);
    /* All or nothing, and never where text goes. */
    before = s;
    v = json_parse(STR("{\"threshold\":0.1,\"providers\":{\"p\":{}}}"), "x", NULL);
    assert_int_equal(settings_apply(&s, v, "settings", &e), ERR_CONFIG);
    json_decref(v);
    assert_string_equal(e.text, "settings: providers: unknown key");
    assert_memory_equal(&s, &before, sizeof s);
    err_clear(&e);
    v = json_parse(STR("[1]"), "x", NULL);
    assert_int_equal(settings_apply(&s, v, "settings", &e), ERR_CONFIG);
    assert_string_equal(e.text, "settings: must be an object");
    json_decref(v);
}

/* ---- keys ---- */

static int key(enum key_source source, const char *ref, struct buf *out, bool *found, struct err *e)
{
    struct config_provider p = {.name = "ai", .key_source = source, .key_ref = ref};

    buf_init(out, MAX_KEY_BYTES);
    err_clear(e);
    return config_key(&p, out, found, e);
}

static void test_key_from_env(void **state)
{
    AUTO_BUF struct buf long_key;
    struct err e = {0};
    struct buf out;
    bool found;

    (void)state;
    assert_int_equal(key(KEY_NONE, NULL, &out, &found, &e), 0);
    assert_false(found);
    unsetenv("TEST_CONFIG_KEY");
    assert_int_equal(key(KEY_ENV, "TEST_CONFIG_KEY", &out, &found, &e), 0);
    assert_false(found);
    setenv("TEST_CONFIG_KEY", "", 1);
    assert_int_equal(key(KEY_ENV, "TEST_CONFIG_KEY", &out, &found, &e), 0);
    assert_false(found);
    buf_fini(&out);
    setenv("TEST_CONFIG_KEY", "abc \r\n", 1);
    assert_int_equal(key(KEY_ENV, "TEST_CONFIG_KEY", &out, &found, &e), 0);
    assert_true(found);
    assert_string_equal(out.p, "abc");
    buf_fini(&out);
    setenv("TEST_CONFIG_KEY", "abc\ndef", 1);
    assert_int_equal(key(KEY_ENV, "TEST_CONFIG_KEY", &out, &found, &e), ERR_AUTH);
    assert_string_equal(e.text, "'ai': the key from TEST_CONFIG_KEY holds a control character");
    assert_false(found);
    buf_fini(&out);
    buf_init(&long_key, 2 * MAX_KEY_BYTES);
    while (long_key.n <= MAX_KEY_BYTES)
        buf_addc(&long_key, 'k');
    setenv("TEST_CONFIG_KEY", long_key.p, 1);
    assert_int_equal(key(KEY_ENV, "TEST_CONFIG_KEY", &out, &found, &e), ERR_AUTH);
    assert_non_null(strstr(e.text, "TEST_CONFIG_KEY is longer than"));
    assert_null(strstr(e.text, "kkkk"));
    buf_fini(&out);
    unsetenv("TEST_CONFIG_KEY");
}

static void test_key_from_file(void **state)
{
    AUTO_FREE char *path = put("key", STR("secret-1\n"), 0600);
    AUTO_FREE char *missing = fs_join(dir, "no-key");
    AUTO_FREE char *home = mem_strdup(getenv("HOME") ? getenv("HOME") : "/");
    struct err e = {0};
    struct buf out;
    bool found;

    (void)state;
    assert_int_equal(key(KEY_FILE, path, &out, &found, &e), 0);
    assert_true(found);
    assert_string_equal(out.p, "secret-1");
    buf_fini(&out);
    setenv("HOME", dir, 1);
    assert_int_equal(key(KEY_FILE, "~/key", &out, &found, &e), 0);
    assert_true(found);
    buf_fini(&out);
    setenv("HOME", home, 1);
    for (int i = 0; i < 3; i++) { /* readable by the group, by all, writable */
        static const mode_t modes[] = {0640, 0604, 0622};

        assert_int_equal(chmod(path, modes[i]), 0);
        assert_true(key(KEY_FILE, path, &out, &found, &e) < 0);
        assert_false(found);
        assert_int_equal(out.n, 0);
        assert_non_null(strstr(e.text, i < 2 ? "chmod 600" : "written by others"));
        assert_null(strstr(e.text, "secret-1"));
        buf_fini(&out);
    }
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(key(KEY_FILE, missing, &out, &found, &e), ERR_NOT_FOUND);
    free(put("key", STR("\n\n"), 0600));
    assert_int_equal(key(KEY_FILE, path, &out, &found, &e), 0);
    assert_false(found);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mistakes), cmocka_unit_test(test_long_names), cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_reading), cmocka_unit_test(test_builtin_local), cmocka_unit_test(test_files),
        cmocka_unit_test(test_settings), cmocka_unit_test(test_key_from_env), cmocka_unit_test(test_key_from_file),
    };

    return cmocka_run_group_tests(tests, make_dir, drop_dir);
}

/* A list of numbers.<|> */<|>
#include <stdio.h>

#define LIMIT 10
static int total = 0;

struct node {
    int value;
    struct node *next;<|>
};

enum color { RED, GREEN };
typedef struct node node_t;

static int sum(const struct node *list)
{
    int n = 0; // running total<|>

    for (; list; list = list->next) {<|>
        n += list->value;
    }
    return <|>n;
}

static char *name(void)
{
    <|>
}

int main(void)
{
    printf("sum: %d<|>\n", sum(NULL));
    if (total) {
        /* nothing yet */
        <|>
    }
    return 0;
}
<|>

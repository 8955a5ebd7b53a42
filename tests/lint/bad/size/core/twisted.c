/* SPDX-License-Identifier: MIT */
struct s {
    int (*f)(int);
};

int twisted(int a)
{
    if (a > 1 && a < 9)
        a = a ? 2 : 3;
    if (a > 1 && a < 9)
        a = a ? 2 : 3;
    if (a > 1 && a < 9)
        a = a ? 2 : 3;
    if (a > 1 && a < 9)
        a = a ? 2 : 3;
    if (a > 1 && a < 9)
        a = a ? 2 : 3;
    return a;
}

int straight(int a)
{
    switch (a) {
    case '0':
        return 1;
    case '1':
        return 1;
    case '2':
        return 1;
    case '3':
        return 1;
    case '4':
        return 1;
    case '5':
        return 1;
    case '6':
        return 1;
    case '7':
        return 1;
    case '8':
        return 1;
    case '9':
        return 1;
    case 'a':
        return 1;
    case 'b':
        return 1;
    case 'c':
        return 1;
    case 'd':
        return 1;
    case 'e':
        return 1;
    case 'f':
        return 1;
    case 'g':
        return 1;
    case 'h':
        return 1;
    }
    return 0; /* if if if if && || */
}

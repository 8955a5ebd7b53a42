package example;

/** Prices.<|> */
public class Price implements Comparable<Price> {
    private static final int LIMIT = 10;

    enum Kind { NET, GROSS }

    record Line(String text, int amount) {
        Line {
            <|>
        }
    }

    interface Source {
        int next();<|>
    }

    public Price(int cents) {
        this.cents = cents; // kept<|>
    }

    @Override
    public int compareTo(Price other) {
        Runnable r = () -> {
            System.out.println("price<|>");
        };
        switch (cents) {
        case 0:
            return 1;<|>
        }
        return 'x<|>';
    }
}

// Orders.<|>
namespace Shop
{
    public interface IOrder { int Total(); }

    public record Line(string Text);

    public class Order : IOrder
    {
        private int count;
        public string Name { get; set; }

        public Order(string name)
        {
            Name = name;<|>
        }

        public int Total()
        {
            var s = $"total {count<|>} items<|>";
            return @"x<|>".Length;
        }

        void Empty()
        {
            <|>
        }
    }

    enum Kind { A, B }
}

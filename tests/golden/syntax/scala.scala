// Trees.<|>
package trees

trait Tree {
  def size: Int
}

case class Leaf(value: Int) extends Tree {
  val size = 1

  def show(prefix: String): String = {
    val s = s"leaf $prefix ${value<|>} end<|>"
    s
  }
}

object Main {
  def main(args: Array[String]): Unit = {
    <|>
  }
}

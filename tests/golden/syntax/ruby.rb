# Books.<|>
require "json"

module Library
  LIMIT = 10

  class Book < Item
    attr_reader :title

    def initialize(title)
      @title = title<|>
    end

    def self.load(path)
      File.open(path) do |f|
        f.each { |line| puts "line: #{line<|>} end<|>" }
      end
    end

    def empty
      <|>
    end
  end
end

TEXT = <<~END
  some text<|>
END
<|>
